"""Counts what was answered, into the file SEEN; and signs each request of the application's: everything of it is in the JWT, which the API's description
cannot say. Some claims are as they should be, some are not; the signature always is."""

import atexit
import base64
import collections
import json
import os
import random
import time

import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COUNTS = collections.defaultdict(collections.Counter)
CALLER = json.loads(os.environ["CALLER"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(CALLER["key"])) if "key" in CALLER else None
CHANCE = random.Random(os.environ.get("SEED", "1"))
ODD = ["", " ", "\u0000", "α" * 64, "x" * 65, "x" * 2000, 0, -1, 1.5, 1e30, True, None, [], ["face"], {}, {"a": 1}]
PULL = CALLER.get("pull", "")
CLAIMS = {
    "/v1/pulls": {"sub": [CALLER.get("subject"), "afm:123456789", "amka:01018012342", "afm:"], "image": ["face", "signature"], "case": ["1", "α/β 7"]},
    "/v1/verdicts": {
        "pull": [PULL, PULL, PULL[:-1], PULL.swapcase()],
        "verdict": ["accepted", "refused"],
        "reason": ["glasses", "other", "none of these"],
        "text": ["Φοράει γυαλιά.", "α" * 500, "α" * 501, "line\nline"],
    },
}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(path):
    now = int(time.time())
    claims = {"iss": CALLER["id"], "aud": os.environ["MYPHOTO_URL"] + path, "iat": now, "exp": now + 30, "jti": f"s-{CHANCE.getrandbits(64):x}"}
    for name, values in CLAIMS[path].items():
        # What is accepted has no reason: often there is one too many, and often none.
        if CHANCE.random() < (0.5 if name in ("reason", "text") else 0.95):
            claims[name] = CHANCE.choice(values if CHANCE.random() < 0.9 else ODD)
    if CHANCE.random() < 0.2:
        claims[CHANCE.choice([*claims, "more"])] = CHANCE.choice(ODD)
    header = {"alg": "EdDSA", "kid": CALLER["kid"], "typ": "JWT"}
    message = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{message}.{encoded(KEY.sign(message.encode()))}"


@schemathesis.hook
def before_call(context, case, kwargs):
    # Made-up names of what is not there are refused alike: every other time the body names what is.
    if isinstance(case.body, dict):
        for name, value in CALLER.get("body", {}).items():
            if name in case.body and CHANCE.random() < 0.5:
                case.body[name] = value
    # Now and then what Schemathesis made goes out as it is.
    if KEY and CHANCE.random() < 0.9:
        case.headers["Authorization"] = f"Bearer {token(case.operation.path)}"


@schemathesis.hook
def after_call(context, case, response):
    COUNTS[case.operation.definition.raw["operationId"]][response.status_code] += 1


@atexit.register
def tell():
    with open(os.environ["SEEN"], "w", encoding="utf-8") as file:
        json.dump(COUNTS, file)
