"""The catalogue of rules: every id that a complaint or a verdict may bear, and what it means."""

from typing import Final

from reconciler.model.rule import Rule, RuleLevel


def _error(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.ERROR, means=means, lifted_by=lifted_by)


def _warning(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.WARNING, means=means, lifted_by=lifted_by)


def _hold(means: str, lifted_by: str = "", *, acknowledgeable: bool = False) -> Rule:
    return Rule(
        level=RuleLevel.HOLD, means=means, lifted_by=lifted_by, acknowledgeable=acknowledgeable
    )


def _released(level: RuleLevel, means: str, *, acknowledgeable: bool = False) -> Rule:
    return Rule(
        level=level,
        means=means,
        lifted_by="a release",
        releasable=True,
        acknowledgeable=acknowledgeable,
    )


def _warn(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.WARN, means=means, lifted_by=lifted_by)


def _ceiling(what: str) -> Rule:
    return Rule(
        level=RuleLevel.BLOCK,
        means=f"more {what} than the ceiling of the store allows",
        lifted_by="a raise with the number that the verdict names",
    )


_ONE_WAY: Final = "write it in the one way that the message names"
_OWN_FIELD: Final = "keep personal data in its own fields, which are masked"

RULES: Final[dict[str, Rule]] = {
    "adopt.anchor": _error(
        "what is to be adopted stands under an anchor, and would be said of others too",
        "the content, written out where the aliases stand",
    ),
    "adopt.overtaken": _error("a file changed while something was adopted", "run adopt again"),
    "adopt.several-stores": _error(
        "one entry speaks for stores that are not all to be adopted from",
        "a file for each store, or the change by hand",
    ),
    "adopt.unclear": _error(
        "something cannot be adopted with all else kept as it is", "do it by hand"
    ),
    "adopt.unwritable": _error("a file cannot be written", "check its permissions"),
    "approval.customer": _error(
        "an acknowledgement needs one customer, and a raised ceiling has none", _ONE_WAY
    ),
    "approval.expired": _warning("an approval has ended and no longer counts", "a new end"),
    "approval.rule": _error("an approval names a rule that it cannot lift", _ONE_WAY),
    "approval.too-long": _error(
        "an approval lasts longer than 7 days, or an acknowledgement than 90", "a nearer end"
    ),
    "capability.limit": _warning(
        "the platform takes less than this: a length, a number of tags or addresses",
        "a value that the platform takes",
    ),
    "capability.unsupported": _released(
        RuleLevel.BLOCK, "the platform cannot write or do what is asked for", acknowledgeable=True
    ),
    "ceiling.create": _ceiling("new customers"),
    "ceiling.delete": _ceiling("deletes"),
    "ceiling.grant": _ceiling("opt-ins"),
    "ceiling.profile": _ceiling("changed profiles"),
    "ceiling.tag": _ceiling("customers who get or lose tags"),
    "consent.account-declined": _released(
        RuleLevel.HOLD, "the customer declined an account, and may have meant more by it"
    ),
    "consent.account-disabled": _warn(
        "the account of a customer who is to be opted in is disabled", "enable it in the store"
    ),
    "consent.address-change": _hold(
        "a consent does not pass from one address to another", "say what the new address's is"
    ),
    "consent.blocked-customer": _hold(
        "the store has blocked the customer, who is not opted in", "unblock the customer there"
    ),
    "consent.closed": _hold("the store has closed this consent for good"),
    "consent.contradiction": _error("two files want different consents", "keep one of the two"),
    "consent.implied-basis": _warning(
        "a grant rests on an implied basis that the policy does not take",
        "the country in policy.consent.implied, or an express consent",
    ),
    "consent.lapsed": _hold(
        "an implied consent has run out since it was given", "a newer consent of the person"
    ),
    "consent.level": _warning(
        "a grant's level is below what the policy asks for", "a consent of that level"
    ),
    "consent.newer-opt-out": _hold(
        "an opt-out is newer than the evidence, or as old",
        "the opt-out in the file (`adopt`), or a newer consent of the person",
    ),
    "consent.no-contact": _hold(
        "there is no address that the consent could be for", "the address, in the specs"
    ),
    "consent.no-email": _error(
        "an e-mail consent needs the address that it is about", "`email` of the customer"
    ),
    "consent.no-evidence": _hold(
        "a grant lacks evidence that the policy asks for", "the evidence, from the record of it"
    ),
    "consent.no-phone": _error(
        "an SMS consent needs the number that it is about", "`phone` of the customer"
    ),
    "consent.opted-out": _hold(
        "the person opted out, and only the person's own later consent overturns that",
        "`evidence`, and a `method` other than import, where the store tells when",
    ),
    "consent.overdue": _warn(
        "an opt-out waits for longer than the policy allows until this store has it",
        "`apply --only withdraw`",
    ),
    "consent.pending": _warn("the consent waits for the person's confirmation", "the person"),
    "consent.pending-message": _released(
        RuleLevel.HOLD, "the person would be sent a message that asks for consent"
    ),
    "consent.tag-name": _warning(
        "a tag looks like a consent, and adding it asks for no evidence",
        "list it in policy.consent.bearing_tags, or give it another name",
    ),
    "consent.time-not-sent": _warn(
        "consents go out without their time, as the store's zone is not told", "`timezone`"
    ),
    "consent.undated-opt-out": _released(RuleLevel.HOLD, "the store says no, and not since when"),
    "consent.unknown": _hold("the store does not tell the consent, and unknown is no yes"),
    "consent.unreadable": _released(
        RuleLevel.HOLD,
        "the store hides a consent that every update here has to send along",
        acknowledgeable=True,
    ),
    "consent.weak-evidence": _warn(
        "somebody is subscribed already whose evidence would not do", "the evidence"
    ),
    "consent.wrong-time": _error(
        "a consent that is given has `given_at`, one withdrawn `withdrawn_at`", _ONE_WAY
    ),
    "controller.conflict": _hold(
        "the specs want one person in and, in another store of the controller, out",
        "the same wish in both places",
    ),
    "controller.opted-out": _warn(
        "the person opted out in another store of the controller: the file is out of date",
        "the opt-out in the files, or a newer consent of the person",
    ),
    "controller.unread": _warn(
        "the store was not read, so opt-outs of the controller's other stores may wait there",
        "a plan that reads it",
    ),
    "customer.unknown": _warn(
        "a tag member or a consent is for somebody whom the store does not have",
        "an entry under `customers`, which creates",
    ),
    "departed.has-orders": _hold(
        "a customer who has left the files has orders, so nobody is deleted for that",
        "`state: absent` with a reason in the files",
    ),
    "delete.has-orders": _hold(
        "the platform deletes nobody with orders; all consents are withdrawn instead",
        acknowledgeable=True,
    ),
    "erasure.not-planned": _hold(
        "an erasure is asked for and not carried out",
        "what holds it, or an acknowledgement",
        acknowledgeable=True,
    ),
    "files.link-hidden": _error("a link leads to a hidden file or folder", "keep the file here"),
    "files.link-outside": _error("a link leads out of the folder", "keep the file here"),
    "files.missing": _error("there is no such file or folder", "check the path"),
    "files.name": _error("a name has characters that nobody sees", "rename the file"),
    "files.none": _error("no spec file is in the folder", "write a first file"),
    "files.not-read": _warning(
        "a file is no spec by its name, and is not read", "the ending .yaml, or another place"
    ),
    "files.submodule": _error("a submodule stands in the folder", "keep the specs here"),
    "files.symlink-loop": _error("a link leads to a folder above it", "take the link out"),
    "files.too-deep": _error("folders go too deep", "keep the specs in fewer levels"),
    "files.too-large": _error("a file is too large", "split it"),
    "files.unreadable": _error("a file cannot be read", "check its permissions"),
    "fmt.anchor": _error("a file with anchors is not laid out anew", "write the content out"),
    "fmt.overtaken": _error("a file changed while it was laid out", "run fmt again"),
    "fmt.unclear": _error(
        "a file cannot be laid out for certain without changing what it says", "do it by hand"
    ),
    "fmt.unwritable": _error("a file cannot be written", "check its permissions"),
    "identity.ambiguous": _hold(
        "the identities of an entry belong to different customers",
        "the `id` of the one",
        acknowledgeable=True,
    ),
    "identity.contradiction": _error(
        "entries that are one person give different identities", "tell the people apart"
    ),
    "identity.disagrees": _hold(
        "whoever has this phone number has another address",
        "the `id`, or `previously`",
        acknowledgeable=True,
    ),
    "identity.doubtful": _hold(
        "a contact of the store may be this one, written in a way that nobody can be sure of",
        "the `id`, or the contact mended in the store",
        acknowledgeable=True,
    ),
    "identity.id-in-many-stores": _error(
        "an `id` belongs to one store, and the file speaks of several", "a file for the store"
    ),
    "identity.no-such-id": _hold(
        "the store has no customer of this `id`", "the right `id`", acknowledgeable=True
    ),
    "identity.phone": _error("this is no phone number that a store keeps", _ONE_WAY),
    "identity.phone-range": _warning("no such range of numbers is in use", "check the number"),
    "identity.repeated": _error("one customer stands twice in a section", "make one of the two"),
    "identity.same-person": _hold(
        "two entries mean one customer of the store",
        "make one entry of the two",
        acknowledgeable=True,
    ),
    "identity.swap": _hold(
        "entries would exchange addresses, and no step between is possible",
        "change one address in the store by hand first",
        acknowledgeable=True,
    ),
    "identity.taken": _hold(
        "another customer has this address, and keeps it", "let that one give it up first"
    ),
    "import.broken": _error(
        "a quotation mark of a table is out of place, so the rows after it cannot be told apart",
        _ONE_WAY,
    ),
    "import.cell": _error(
        "a spreadsheet or program has left something else in a cell than was meant",
        "the column saved as text",
    ),
    "import.column": _error(
        "a column of a table is unknown, stands twice, or lacks another",
        "a mapping, or `--drop`",
    ),
    "import.contradiction": _error(
        "rows of one person do not agree", "one of the rows, or rows that agree"
    ),
    "import.delimiter": _error("a table does not tell what parts its columns", "`--delimiter`"),
    "import.encoding": _error("a table is no text that is read", "the table as CSV UTF-8"),
    "import.table": _error("a row has more or fewer cells than the header", "cells in quotes"),
    "import.word": _error("a cell has a word that nobody has explained", "`words` in the mapping"),
    "limit.lifted": Rule(
        level=RuleLevel.NOTE, means="a limit is lifted for this plan, or is not the default"
    ),
    "ownership.foreign": _released(
        RuleLevel.HOLD,
        "the customer bears the mark of others, to whom all but opt-outs is left",
        acknowledgeable=True,
    ),
    "ownership.no-mark": _warning(
        "a customer is claimed, and the store has no mark to put on", "`ownership` of the store"
    ),
    "personal.in-evidence": _warning("evidence looks like personal data", _OWN_FIELD),
    "personal.in-file-name": _warning("a path looks like personal data", "rename it"),
    "personal.in-method": _warning("a method looks like personal data", _OWN_FIELD),
    "personal.in-note": _warning("a note looks like personal data of another kind", _OWN_FIELD),
    "personal.in-reason": _warning("a reason looks like personal data", _OWN_FIELD),
    "personal.in-source": _warning("a source looks like personal data", _OWN_FIELD),
    "personal.in-tag": _warning("a tag looks like personal data", _OWN_FIELD),
    "personal.in-wording": _warning("a wording looks like personal data", _OWN_FIELD),
    "protect.removed": Rule(
        level=RuleLevel.BLOCK,
        means="a protected entry left the files, turned `absent`, or changed with its protection",
        lifted_by="a change of its own before, that sets `protect: false` and nothing else",
    ),
    "read.failed": Rule(
        level=RuleLevel.ERROR,
        means="a store could not be read, so nothing is planned for it",
        lifted_by="what keeps it from being read",
    ),
    "read.incomplete": _hold(
        "the store was not read completely, and somebody may be there unseen",
        "a complete reading",
        acknowledgeable=True,
    ),
    "read.masked": _hold(
        "contacts are hidden, and one of them may be this one",
        "the platform's approval for personal data",
        acknowledgeable=True,
    ),
    "read.unproven-absence": _hold(
        "look-ups alone do not show that nobody, or no twin, is there",
        "--read full",
        acknowledgeable=True,
    ),
    "read.unreadable": _hold(
        "the store does not tell a field that is wanted otherwise", acknowledgeable=True
    ),
    "read.withheld": _hold(
        "the one who answers has the contacts hidden",
        "the platform's approval for personal data",
        acknowledgeable=True,
    ),
    "register.erased": _released(
        RuleLevel.HOLD,
        "somebody who was erased would be a customer again, without a new relation",
    ),
    "register.key-missing": Rule(
        level=RuleLevel.BLOCK,
        means="people stand in the register of opt-outs under a key that is not here",
        lifted_by="that key, in RECONCILER_REGISTER_KEYS_BEFORE",
    ),
    "register.missing": _released(
        RuleLevel.BLOCK,
        "the register of opt-outs that the trail knows of, or the policy asks for, is not here",
    ),
    "register.not-asked": _warn(
        "the register of opt-outs is not asked by this plan; the apply asks it", "its key"
    ),
    "register.opted-out": _hold(
        "the person opted out before, as the register knows",
        "the opt-out in the file (`adopt`), or a newer consent of the person",
    ),
    "schema.format": _error("a text is not of the form that the schema asks for", _ONE_WAY),
    "schema.missing": _error("something that is needed is missing", "add it"),
    "schema.type": _error("a value is of another kind than the schema asks for", _ONE_WAY),
    "schema.unknown-key": _error("a key is not known here", "the key that is meant"),
    "schema.value": _error("a value is none of those that the schema allows", _ONE_WAY),
    "settings.api-version": _error("this release does not speak the version", "one it speaks"),
    "settings.ceiling": _error("`at_least` is above `at_most`", "make `at_most` the larger"),
    "settings.changed": Rule(
        level=RuleLevel.NOTE,
        means="stores, policy or approvals at hand differ from those of the base, in force now",
        lifted_by="merging them; they count for plans made after it",
    ),
    "settings.consent-words": _error(
        "a word for a consent is one that has a meaning already, or the platform has none",
        "name only what the store was seen to answer",
    ),
    "settings.contradiction": _error("a setting stands in two places", "keep one of the two"),
    "settings.frozen": _error("a window ends before it begins", "an end after the beginning"),
    "settings.literal-token": _error("a token stands in a spec", "env, file or command"),
    "settings.ownership": _error(
        "the platform cannot bear the mark of ownership, or it feeds an audience", "another mark"
    ),
    "settings.platform": _error("the platform does not take a setting", "what the message names"),
    "spec.shrank": _released(
        RuleLevel.BLOCK,
        "over 20 % of the customers, and over 20 of them, have left the files",
    ),
    "store.frozen": _released(
        RuleLevel.BLOCK,
        "the store's settings say that nothing but opt-outs goes to it at this time",
    ),
    "store.missing": _error("a file does not say which store it is about", "`store: NAME`"),
    "store.unknown": _error("no store of this name is defined", "one that is defined"),
    "tags.added-and-removed": _error("a tag is both added and removed", "one of the two"),
    "tags.document": _error("an entry of `tags` contradicts itself, or another", _ONE_WAY),
    "tags.member-ended": _warning("a membership of a tag has ended", "take the line out"),
    "tags.no-member": _error(
        "a tag is given to somebody who is no member, though it is exact or retired",
        "the customer as a member, or the entry without the tag",
    ),
    "tags.not-owned": _error(
        "a tag may not be touched, as `tags.owned` does not name it", "the tag in `tags.owned`"
    ),
    "tags.one-of": _error("a customer would bear two tags of one group", "one of the two"),
    "tags.ownership-mark": _error(
        "a list of tags names a mark of ownership, ours or of others",
        "`claim: true`, which puts our mark on",
    ),
    "time.future": _error("a consent is dated in the future", "check the day and the offset"),
    "time.too-old": _error("a consent is dated before 2000", "check the year"),
    "withdraw.mass": Rule(
        level=RuleLevel.BLOCK,
        means="over 20 % of a channel's subscribers, and over 20 people, would be unsubscribed",
        lifted_by="a raise with the number that the verdict names",
    ),
    "withdraw.not-planned": _hold(
        "an opt-out is asked for and not carried out",
        "what holds it, or an acknowledgement",
        acknowledgeable=True,
    ),
    "yaml.alias-bomb": _error("aliases stand for too many items", "write the content out"),
    "yaml.alias-loop": _error("an alias contains itself", "write the content out"),
    "yaml.bom-inside": _error("a mark of byte order stands inside of the text", "take it out"),
    "yaml.direction": _error("a comment turns the direction of text", "take that out"),
    "yaml.key": _error("a key is a list or a mapping", "a plain word"),
    "yaml.line-break": _error("a line ends in a way that only YAML sees", "a line feed"),
    "yaml.line-too-long": _error("a line is too long", "a line for each item"),
    "yaml.merge-key": _error("a merge key (`<<`) is used", "write the keys out"),
    "yaml.repeated-key": _error("a key stands twice", "keep one of them"),
    "yaml.second-document": _error("a second document begins", "a file for each"),
    "yaml.syntax": _error("this is no YAML", "what the message names"),
    "yaml.tag": _error("a tag of YAML is used", "quote the text, if the `!` belongs to it"),
    "yaml.too-deep": _error("it is nested too deep", "check the brackets"),
    "yaml.unknown-alias": _error("an alias stands for nothing", "quote the text"),
}

RELEASABLE: Final = tuple(name for name, rule in RULES.items() if rule.releasable)
ACKNOWLEDGEABLE: Final = tuple(name for name, rule in RULES.items() if rule.acknowledgeable)


def by_release(rule: str) -> str | None:
    """The flag that lifts a hold of this rule; None where there is none."""
    return f"--release {rule}" if rule in RELEASABLE else None
