"""What only Genstore's documents say of a store's settings: which words may be named."""

from collections.abc import Iterator

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.settings import SettingsComplaint, StoreSettings
from reconciler.platforms.genstore.capabilities import GENSTORE


def check_settings(store: StoreSettings) -> Iterator[SettingsComplaint]:
    """Words that are known to mean something else, or that would mean two things."""
    named: dict[tuple[Channel, str], ConsentState] = {}
    for one in reversed(store.consent_words):  # of two states the opt-out keeps the word
        means = GENSTORE.meaning(one.word)
        message = ""
        if means is not None and means is not one.state:
            message = f"this word is known to mean {means}, and nothing else"
        elif means is None and one.state is ConsentState.SUBSCRIBED:
            message = "the word for *subscribed* is documented, and is another"
        elif named.setdefault((one.channel, one.word), one.state) is not one.state:
            message = f"this word is named for {named[one.channel, one.word]} already"
        if message:
            yield SettingsComplaint(
                rule="settings.consent-words",
                place=("consent_words", one.channel.value, one.state.value),
                message=message,
                hint="name only what this store was seen to answer for a state without a word",
            )
