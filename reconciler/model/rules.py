"""The catalogue of rules: every id that a complaint or a verdict may bear, and what it means."""

from typing import Final

from reconciler.model.rule import Rule, RuleLevel, ceiling, error, hold, released, warn, warning

_ONE_WAY: Final = "write it in the one way that the message names"
_OWN_FIELD: Final = "keep personal data in its own fields, which are masked"

RULES: Final[dict[str, Rule]] = {
    "adopt.anchor": error(
        "what is to be adopted stands under an anchor, and would be said of others too",
        "the content, written out where the aliases stand",
    ),
    "adopt.overtaken": error("a file changed while something was adopted", "run adopt again"),
    "adopt.several-stores": error(
        "one entry speaks for stores that are not all to be adopted from",
        "a file for each store, or the change by hand",
    ),
    "adopt.unclear": error(
        "something cannot be adopted with all else kept as it is", "do it by hand"
    ),
    "adopt.unwritable": error("a file cannot be written", "check its permissions"),
    "approval.customer": error(
        "an acknowledgement needs one customer, and a raised ceiling has none", _ONE_WAY
    ),
    "approval.expired": warning("an approval has ended and no longer counts", "a new end"),
    "approval.rule": error("an approval names a rule that it cannot lift", _ONE_WAY),
    "approval.too-long": error(
        "an approval lasts longer than 7 days, or an acknowledgement than 90", "a nearer end"
    ),
    "capability.limit": warning(
        "the platform takes less than this: a length, a number of tags or addresses",
        "a value that the platform takes",
    ),
    "capability.unsupported": released(
        RuleLevel.BLOCK, "the platform cannot write or do what is asked for", acknowledgeable=True
    ),
    "ceiling.create": ceiling("new customers"),
    "ceiling.delete": ceiling("deletes"),
    "ceiling.grant": ceiling("opt-ins"),
    "ceiling.profile": ceiling("changed profiles"),
    "ceiling.tag": ceiling("customers who get or lose tags"),
    "consent.account-declined": released(
        RuleLevel.HOLD, "the customer declined an account, and may have meant more by it"
    ),
    "consent.account-disabled": warn(
        "the account of a customer who is to be opted in is disabled", "enable it in the store"
    ),
    "consent.address-change": hold(
        "a consent does not pass from one address to another", "say what the new address's is"
    ),
    "consent.blocked-customer": hold(
        "the store has blocked the customer, who is not opted in", "unblock the customer there"
    ),
    "consent.closed": hold("the store has closed this consent for good"),
    "consent.contradiction": error("two files want different consents", "keep one of the two"),
    "consent.implied-basis": warning(
        "a grant rests on an implied basis that the policy does not take",
        "the country in policy.consent.implied, or an express consent",
    ),
    "consent.lapsed": hold(
        "an implied consent has run out since it was given", "a newer consent of the person"
    ),
    "consent.level": warning(
        "a grant's level is below what the policy asks for", "a consent of that level"
    ),
    "consent.newer-opt-out": hold(
        "an opt-out is newer than the evidence, or as old",
        "the opt-out in the file (`adopt`), or a newer consent of the person",
    ),
    "consent.no-contact": hold(
        "there is no address that the consent could be for", "the address, in the specs"
    ),
    "consent.no-email": error(
        "an e-mail consent needs the address that it is about", "`email` of the customer"
    ),
    "consent.no-evidence": hold(
        "a grant lacks evidence that the policy asks for", "the evidence, from the record of it"
    ),
    "consent.no-phone": error(
        "an SMS consent needs the number that it is about", "`phone` of the customer"
    ),
    "consent.opted-out": hold(
        "the person opted out, and only the person's own later consent overturns that",
        "`evidence`, and a `method` other than import, where the store tells when",
    ),
    "consent.overdue": warn(
        "an opt-out waits for longer than the policy allows until this store has it",
        "`apply --only withdraw`",
    ),
    "consent.pending": warn("the consent waits for the person's confirmation", "the person"),
    "consent.pending-message": released(
        RuleLevel.HOLD, "the person would be sent a message that asks for consent"
    ),
    "consent.tag-name": warning(
        "a tag looks like a consent, and adding it asks for no evidence",
        "list it in policy.consent.bearing_tags, or give it another name",
    ),
    "consent.time-not-sent": warn(
        "consents go out without their time, as the store's zone is not told", "`timezone`"
    ),
    "consent.undated-opt-out": released(RuleLevel.HOLD, "the store says no, and not since when"),
    "consent.unknown": hold("the store does not tell the consent, and unknown is no yes"),
    "consent.unreadable": released(
        RuleLevel.HOLD,
        "the store hides a consent that every update here has to send along",
        acknowledgeable=True,
    ),
    "consent.weak-evidence": warn(
        "somebody is subscribed already whose evidence would not do", "the evidence"
    ),
    "consent.wrong-time": error(
        "a consent that is given has `given_at`, one withdrawn `withdrawn_at`", _ONE_WAY
    ),
    "controller.conflict": hold(
        "the specs want one person in and, in another store of the controller, out",
        "the same wish in both places",
    ),
    "controller.opted-out": warn(
        "the person is out of another store or record of the controller: the file is out of date",
        "the opt-out in the files, or a newer consent of the person",
    ),
    "controller.unread": warn(
        "the store was not read, so opt-outs of the controller's other stores may wait there",
        "a plan that reads it",
    ),
    "customer.unknown": warn(
        "a tag member or a consent is for somebody whom the store does not have",
        "an entry under `customers`, which creates",
    ),
    "departed.has-orders": hold(
        "a customer who has left the files has orders, so nobody is deleted for that",
        "`state: absent` with a reason in the files",
    ),
    "delete.has-orders": hold(
        "the platform deletes nobody with orders; all consents are withdrawn instead",
        acknowledgeable=True,
    ),
    "erasure.not-planned": hold(
        "an erasure is asked for and not carried out",
        "what holds it, or an acknowledgement",
        acknowledgeable=True,
    ),
    "files.link-hidden": error("a link leads to a hidden file or folder", "keep the file here"),
    "files.link-outside": error("a link leads out of the folder", "keep the file here"),
    "files.missing": error("there is no such file or folder", "check the path"),
    "files.name": error("a name has characters that nobody sees", "rename the file"),
    "files.none": error("no spec file is in the folder", "write a first file"),
    "files.not-read": warning(
        "a file is no spec by its name, and is not read", "the ending .yaml, or another place"
    ),
    "files.submodule": error("a submodule stands in the folder", "keep the specs here"),
    "files.symlink-loop": error("a link leads to a folder above it", "take the link out"),
    "files.too-deep": error("folders go too deep", "keep the specs in fewer levels"),
    "files.too-large": error("a file is too large", "split it"),
    "files.unreadable": error("a file cannot be read", "check its permissions"),
    "metafields.repeated": error("a metafield stands twice in one entry", "leave one of them out"),
    "metafields.type": warn(
        "a metafield is of another type in the store, which may not change it",
        "the store's type in the files, or taking the metafield away first",
    ),
    "fmt.anchor": error("a file with anchors is not laid out anew", "write the content out"),
    "fmt.overtaken": error("a file changed while it was laid out", "run fmt again"),
    "fmt.unclear": error(
        "a file cannot be laid out for certain without changing what it says", "do it by hand"
    ),
    "fmt.unwritable": error("a file cannot be written", "check its permissions"),
    "identity.ambiguous": hold(
        "the identities of an entry belong to different customers",
        "the `id` of the one",
        acknowledgeable=True,
    ),
    "identity.contradiction": error(
        "entries that are one person give different identities", "tell the people apart"
    ),
    "identity.disagrees": hold(
        "whoever has this phone number has another address",
        "the `id`, or `previously`",
        acknowledgeable=True,
    ),
    "identity.doubtful": hold(
        "a contact of the store may be this one, written in a way that nobody can be sure of",
        "the `id`, or the contact mended in the store",
        acknowledgeable=True,
    ),
    "identity.id-in-many-stores": error(
        "an `id` belongs to one store, and the file speaks of several", "a file for the store"
    ),
    "identity.no-such-id": hold(
        "the store has no customer of this `id`", "the right `id`", acknowledgeable=True
    ),
    "identity.phone": error("this is no phone number that a store keeps", _ONE_WAY),
    "identity.phone-range": warning("no such range of numbers is in use", "check the number"),
    "identity.repeated": error("one customer stands twice in a section", "make one of the two"),
    "identity.same-person": hold(
        "two entries mean one customer of the store",
        "make one entry of the two",
        acknowledgeable=True,
    ),
    "identity.swap": hold(
        "entries would exchange addresses, and no step between is possible",
        "change one address in the store by hand first",
        acknowledgeable=True,
    ),
    "identity.taken": hold(
        "another customer has this address, and keeps it", "let that one give it up first"
    ),
    "import.broken": error(
        "a quotation mark of a table is out of place, so the rows after it cannot be told apart",
        _ONE_WAY,
    ),
    "import.cell": error(
        "a spreadsheet or program has left something else in a cell than was meant",
        "the column saved as text",
    ),
    "import.column": error(
        "a column of a table is unknown, stands twice, or lacks another",
        "a mapping, or `--drop`",
    ),
    "import.contradiction": error(
        "rows of one person do not agree", "one of the rows, or rows that agree"
    ),
    "import.delimiter": error("a table does not tell what parts its columns", "`--delimiter`"),
    "import.encoding": error("a table is no text that is read", "the table as CSV UTF-8"),
    "import.table": error("a row has more or fewer cells than the header", "cells in quotes"),
    "import.word": error("a cell has a word that nobody has explained", "`words` in the mapping"),
    "limit.lifted": Rule(
        level=RuleLevel.NOTE, means="a limit is lifted for this plan, or is not the default"
    ),
    "ownership.foreign": released(
        RuleLevel.HOLD,
        "the customer bears the mark of others, to whom all but opt-outs is left",
        acknowledgeable=True,
    ),
    "ownership.no-mark": warning(
        "a customer is claimed, and the store has no mark to put on", "`ownership` of the store"
    ),
    "personal.in-evidence": warning("evidence looks like personal data", _OWN_FIELD),
    "personal.in-file-name": warning("a path looks like personal data", "rename it"),
    "personal.in-method": warning("a method looks like personal data", _OWN_FIELD),
    "personal.in-note": warning("a note looks like personal data of another kind", _OWN_FIELD),
    "personal.in-reason": warning("a reason looks like personal data", _OWN_FIELD),
    "personal.in-source": warning("a source looks like personal data", _OWN_FIELD),
    "personal.in-tag": warning("a tag looks like personal data", _OWN_FIELD),
    "personal.in-wording": warning("a wording looks like personal data", _OWN_FIELD),
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
    "read.incomplete": hold(
        "the store was not read completely, and somebody may be there unseen",
        "a complete reading",
        acknowledgeable=True,
    ),
    "read.masked": hold(
        "contacts are hidden, and one of them may be this one",
        "the platform's approval for personal data",
        acknowledgeable=True,
    ),
    "read.unproven-absence": hold(
        "look-ups alone do not show that nobody, or no twin, is there",
        "--read full",
        acknowledgeable=True,
    ),
    "read.unreadable": hold(
        "the store does not tell a field that is wanted otherwise", acknowledgeable=True
    ),
    "read.withheld": hold(
        "the one who answers has the contacts hidden",
        "the platform's approval for personal data",
        acknowledgeable=True,
    ),
    "register.erased": released(
        RuleLevel.HOLD,
        "somebody who was erased would be a customer again, without a new relation",
    ),
    "register.key-missing": Rule(
        level=RuleLevel.BLOCK,
        means="people stand in the register of opt-outs under a key that is not here",
        lifted_by="that key, in RECONCILER_REGISTER_KEYS_BEFORE",
    ),
    "register.missing": released(
        RuleLevel.BLOCK,
        "the register of opt-outs that the trail knows of, or the policy asks for, is not here",
    ),
    "register.left-behind": warn(
        "a register of opt-outs is of a store that the specs do not have; it counts here too",
        "nothing while the store may be one of these by another name; else its file, moved away",
    ),
    "register.not-asked": warn(
        "the register of opt-outs is not asked by this plan; the apply asks it", "its key"
    ),
    "register.opted-out": hold(
        "the person opted out before, as the register knows",
        "the opt-out in the file (`adopt`), or a newer consent of the person",
    ),
    "schema.format": error("a text is not of the form that the schema asks for", _ONE_WAY),
    "schema.missing": error("something that is needed is missing", "add it"),
    "schema.type": error("a value is of another kind than the schema asks for", _ONE_WAY),
    "schema.unknown-key": error("a key is not known here", "the key that is meant"),
    "schema.value": error("a value is none of those that the schema allows", _ONE_WAY),
    "settings.api-version": error("this release does not speak the version", "one it speaks"),
    "settings.ceiling": error("`at_least` is above `at_most`", "make `at_most` the larger"),
    "settings.changed": Rule(
        level=RuleLevel.NOTE,
        means="stores, policy or approvals at hand differ from those of the base, in force now",
        lifted_by="merging them; they count for plans made after it",
    ),
    "settings.consent-words": error(
        "a word for a consent is one that has a meaning already, or the platform has none",
        "name only what the store was seen to answer",
    ),
    "settings.contradiction": error("a setting stands in two places", "keep one of the two"),
    "settings.controller": error(
        "a controller is called as a store that is not one of its stores", "another name"
    ),
    "settings.frozen": error("a window ends before it begins", "an end after the beginning"),
    "settings.literal-token": error("a token stands in a spec", "env, file or command"),
    "settings.ownership": error(
        "the platform cannot bear the mark of ownership, or it feeds an audience", "another mark"
    ),
    "settings.platform": error("the platform does not take a setting", "what the message names"),
    "spec.shrank": released(
        RuleLevel.BLOCK,
        "over 20 % of the customers, and over 20 of them, have left the files",
    ),
    "store.frozen": released(
        RuleLevel.BLOCK,
        "the store's settings say that nothing but opt-outs goes to it at this time",
    ),
    "store.missing": error("a file does not say which store it is about", "`store: NAME`"),
    "store.unknown": error("no store of this name is defined", "one that is defined"),
    "tags.added-and-removed": error("a tag is both added and removed", "one of the two"),
    "tags.document": error("an entry of `tags` contradicts itself, or another", _ONE_WAY),
    "tags.member-ended": warning("a membership of a tag has ended", "take the line out"),
    "tags.no-member": error(
        "a tag is given to somebody who is no member, though it is exact or retired",
        "the customer as a member, or the entry without the tag",
    ),
    "tags.not-owned": error(
        "a tag may not be touched, as `tags.owned` does not name it", "the tag in `tags.owned`"
    ),
    "tags.one-of": error("a customer would bear two tags of one group", "one of the two"),
    "tags.ownership-mark": error(
        "a list of tags names a mark of ownership, ours or of others",
        "`claim: true`, which puts our mark on",
    ),
    "time.future": error("a consent is dated in the future", "check the day and the offset"),
    "time.too-old": error("a consent is dated before 2000", "check the year"),
    "withdraw.mass": Rule(
        level=RuleLevel.BLOCK,
        means="over 20 % of a channel's subscribers, and over 20 people, would be unsubscribed",
        lifted_by="a raise with the number that the verdict names",
    ),
    "withdraw.not-planned": hold(
        "an opt-out is asked for and not carried out",
        "what holds it, or an acknowledgement",
        acknowledgeable=True,
    ),
    "yaml.alias-bomb": error("aliases stand for too many items", "write the content out"),
    "yaml.alias-loop": error("an alias contains itself", "write the content out"),
    "yaml.bom-inside": error("a mark of byte order stands inside of the text", "take it out"),
    "yaml.direction": error("a comment turns the direction of text", "take that out"),
    "yaml.key": error("a key is a list or a mapping", "a plain word"),
    "yaml.line-break": error("a line ends in a way that only YAML sees", "a line feed"),
    "yaml.line-too-long": error("a line is too long", "a line for each item"),
    "yaml.merge-key": error("a merge key (`<<`) is used", "write the keys out"),
    "yaml.repeated-key": error("a key stands twice", "keep one of them"),
    "yaml.second-document": error("a second document begins", "a file for each"),
    "yaml.syntax": error("this is no YAML", "what the message names"),
    "yaml.tag": error("a tag of YAML is used", "quote the text, if the `!` belongs to it"),
    "yaml.too-deep": error("it is nested too deep", "check the brackets"),
    "yaml.unknown-alias": error("an alias stands for nothing", "quote the text"),
}

RELEASABLE: Final = tuple(name for name, rule in RULES.items() if rule.releasable)
ACKNOWLEDGEABLE: Final = tuple(name for name, rule in RULES.items() if rule.acknowledgeable)


def by_release(rule: str) -> str | None:
    """The flag that lifts a hold of this rule; None where there is none."""
    return f"--release {rule}" if rule in RELEASABLE else None
