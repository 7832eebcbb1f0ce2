"""A headless Chromium on a pipe: opens a page, runs scripts in it, and tells what it asked for."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """`troubles` are script errors and console messages, `requests` the addresses asked for."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._serial = 0
        self._rest = b""
        self._session = ""
        self.troubles: list[str] = []
        self.requests: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, page: Path, *, dark: bool = False, width: int = 1200) -> None:
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=scheme)
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._call("Page.navigate", url=page.as_uri())
        self._until("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        for key in keys:
            text = {"text": key} if len(key) == 1 else {}
            self._call(
                "Input.dispatchKeyEvent",
                type="keyDown",
                key=key,
                code=key,
                **text,
                **({"windowsVirtualKeyCode": 9} if key == "Tab" else {}),
            )
            self._call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def picture(self, file: Path, *, height: int = 900, width: int = 1200) -> None:
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        answer = self._call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        file.write_bytes(b64decode(answer["data"]))

    def _call(self, method: str, **values: Any) -> Any:
        self._serial += 1
        order = {"id": self._serial, "method": method, "params": values}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._writing, json.dumps(order).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._serial:
                assert "error" not in told, told
                return told["result"]

    def _until(self, event: str) -> None:
        while self._next().get("method") != event:
            pass

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            part = os.read(self._reading, 1 << 20)
            assert part, "the browser has ended"
            self._rest += part
        first, _, self._rest = self._rest.partition(b"\0")
        told = json.loads(first)
        method, values = told.get("method"), told.get("params", {})
        if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.troubles.append(json.dumps(values)[:500])
        if method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        return told


def _high(number: int) -> int:
    """The same end of a pipe under a number that is out of the way of 3 and 4."""
    moved = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(number)
    return moved


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Raises `FileNotFoundError` where there is no Chromium."""
    program = executable()
    if program is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is installed")
    to_us, from_it = map(_high, os.pipe())
    to_it, from_us = map(_high, os.pipe())
    place = "import os, sys; [os.dup2(int(n), to) for to, n in ((3, sys.argv[1]), (4, sys.argv[2]))]; os.execv(sys.argv[3], sys.argv[3:])"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            place,
            str(to_it),
            str(from_it),
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
            f"--user-data-dir={folder / 'profile'}",
            "about:blank",
        ],
        pass_fds=(to_it, from_it),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_it)
    os.close(from_it)
    try:
        yield Browser(to_us, from_us)
    finally:
        process.kill()
        process.wait()
        os.close(to_us)
        os.close(from_us)
