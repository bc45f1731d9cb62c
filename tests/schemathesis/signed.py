"""Signs each request of the application's: everything of it is in the JWT, which the API's description cannot say. Some claims are as they should be, some
are not; the signature always is."""

import base64
import json
import os
import random
import time

import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CALLER = json.loads(os.environ["SIGNED_AS"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(CALLER["key"]))
CHANCE = random.Random(os.environ.get("SEED", "1"))
ODD = ["", " ", "\u0000", "α" * 64, "x" * 65, "x" * 2000, 0, -1, 1.5, 1e30, True, None, [], ["face"], {}, {"a": 1}]
CLAIMS = {
    "/v1/pulls": {"sub": [CALLER["subject"], "afm:123456789", "amka:01018012342", "afm:"], "image": ["face", "signature"], "case": ["1", "α/β 7"]},
    "/v1/verdicts": {
        "pull": [CALLER["pull"], CALLER["pull"][:-1], CALLER["pull"].swapcase()],
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
        # Where the verdict is accepted, a reason is one thing too many: sometimes it is there.
        if CHANCE.random() < 0.85:
            claims[name] = CHANCE.choice(values if CHANCE.random() < 0.8 else ODD)
    if CHANCE.random() < 0.2:
        claims[CHANCE.choice([*claims, "more"])] = CHANCE.choice(ODD)
    header = {"alg": "EdDSA", "kid": CALLER["kid"], "typ": "JWT"}
    message = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{message}.{encoded(KEY.sign(message.encode()))}"


@schemathesis.hook
def before_call(context, case, kwargs):
    # Now and then what Schemathesis made goes out as it is.
    if CHANCE.random() < 0.9:
        case.headers["Authorization"] = f"Bearer {token(case.operation.path)}"
