"""The service's name for a script of any name, by fixed and readable rules."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from .records import NAME_RULE

_LONGEST, _MARK = 32, 6
# Letters that Unicode does not decompose.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ħ": "h"}
)
# Cyrillic letters and their Latin spelling.
_CYRILLIC = (
    "аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch "
    "шsh щshch ъ ыy ь эe юyu яya іi їyi єye ґg ўu"
)
_GREEK = "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo"
_OTHERS = str.maketrans({pair[0]: pair[1:] for alphabet in (_CYRILLIC, _GREEK) for pair in alphabet.split()})


def derived(name: str) -> str:
    """Derive the service's name from a script's, for example ``"preis-fur-ol"`` from ``"preis_für_öl"``.

    It is in lower case, with ``-`` for other characters. A long name is cut and ends in a hash, so that two long
    names differ. Empty if the name has no letter or digit.
    """
    if NAME_RULE.fullmatch(name):
        return name
    plain = _latin(name)
    if not re.search(r"[^\W_]", name):
        return ""
    lost = not re.search(r"[a-z0-9]", plain) or any(ord(letter) > 127 and letter.isalpha() for letter in plain)
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not found[:1].isalpha() or not found.isascii():
        found = f"service-{found}".strip("-")
    if lost:
        # Letters without a Latin spelling: two such names must not become one.
        found = f"{found[: _LONGEST - _MARK - 1].rstrip('-')}-{_mark(name)}"
    elif len(found) < 3:
        found = f"{found}-service"
    elif len(found) > _LONGEST:
        found = f"{found[: _LONGEST - _MARK - 1].rstrip('-')}-{_mark(name)}"
    return found


def _latin(name: str) -> str:
    lower = unicodedata.normalize("NFC", name).casefold().translate(_LETTERS).translate(_OTHERS)
    return "".join(sign for sign in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(sign)).translate(
        _OTHERS
    )


def _mark(name: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:_MARK]
