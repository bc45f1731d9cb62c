"""Does the work of functions/citizen/submit_code.rs in idiomatic Python, so that `make bench` can compare the two programs. This program
reads and writes the same items and objects as the Rust function, and returns the same response. Where the Rust function returns a problem,
this program raises an exception. It is never deployed."""

import base64
import datetime
import hashlib
import http.client
import json
import os
import time
import zoneinfo

import boto3
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DYNAMODB = boto3.client("dynamodb")
S3 = boto3.client("s3")
SUBMISSIONS_PER_DAY = 5
IDLE = 30 * 60
ATHENS = zoneinfo.ZoneInfo("Europe/Athens")


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(secret, label):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"myphoto", info=label).derive(secret)


def unseal(key, context, sealed):
    if sealed[0] != 1:
        raise ValueError("unknown format")
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], context.encode())


def seal(key, context, plain):
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def text_id(digest):
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def get(table, key, now):
    item = DYNAMODB.get_item(TableName=os.environ[table], Key=key, ConsistentRead=True).get("Item")
    return item if item and int(item["expires_at"]["N"]) > now else None


def use_one(subject, code_id, now):
    day = datetime.datetime.fromtimestamp(now, ATHENS).date()
    end = datetime.datetime.combine(day + datetime.timedelta(days=2), datetime.time(), ATHENS)
    response = DYNAMODB.update_item(
        TableName=os.environ["QUOTAS_TABLE"],
        Key={"subject_day": {"S": f"{subject}#{day}"}},
        UpdateExpression="ADD #set :ids SET #end = :end",
        ConditionExpression="attribute_not_exists(#set) OR size(#set) < :limit OR contains(#set, :id)",
        ExpressionAttributeNames={"#set": "submissions", "#end": "expires_at"},
        ExpressionAttributeValues={
            ":ids": {"SS": [code_id]},
            ":id": {"S": code_id},
            ":limit": {"N": str(SUBMISSIONS_PER_DAY)},
            ":end": {"N": str(int(end.timestamp()))},
        },
        ReturnValues="ALL_NEW",
    )
    return SUBMISSIONS_PER_DAY - len(response["Attributes"]["submissions"]["SS"])


def preview(data_key, prefix, set_id, kind):
    name = f"{set_id}/{kind}-preview"
    sealed = S3.get_object(Bucket=os.environ["PHOTOS_BUCKET"], Key=f"{prefix}/{name}")["Body"].read()
    return "data:image/jpeg;base64," + base64.b64encode(unseal(data_key, name, sealed)).decode()


def moment(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def handle(event):
    now = int(time.time())
    cookies = dict(part.strip().split("=", 1) for part in event["headers"]["Cookie"].split(";"))
    token = unpadded(cookies["__Host-session"])
    session = get("SESSIONS_TABLE", {"session_id": {"S": text_id(hashlib.sha256(token).digest())}}, now)
    if not session or int(session["hard_end"]["N"]) <= now or "otp" in session or "consent" not in session:
        raise ValueError("no session of a citizen")
    session_key = derive(token, b"session")
    json.loads(unseal(session_key, "session person", session["person"]["B"]))
    subject = session["subject_id"]["S"]

    written = "".join(json.loads(event["body"])["code"].split())
    code = base64.b64decode(written.replace("-", "+").replace("_", "/") + "==", validate=True)
    code_id = text_id(derive(code, b"code id"))
    submissions_left = use_one(subject, code_id, now)
    item = get("CODES_TABLE", {"code_id": {"S": code_id}}, now)
    association = get("ASSOCIATIONS_TABLE", {"subject_id": {"S": subject}}, now)
    if not item or item["state"]["S"] != "issued":
        raise ValueError("the code is not waiting to be submitted")
    set_id = item["set_id"]["S"]
    data_key = unseal(derive(code, b"code key"), f"data key of {set_id}", item["wrapped_key"]["B"])
    images = [
        {"kind": one["M"]["kind"]["S"], **{name: int(one["M"][name]["N"]) for name in ("width", "height", "bytes")}} for one in item["images"]["L"]
    ]
    submission = {
        "subject": "self",
        "subject_id": subject,
        "code": written,
        "state": "issued",
        "dissociations": 0,
        "set_id": set_id,
        "profile": item["profile"]["S"],
        "images": images,
        "wrapped_key": list(item["wrapped_key"]["B"]),
        "business": item["business"]["S"],
        "upload_id": item["upload_id"]["S"],
        "message_id": item["message_id"]["S"],
        "issued_at": int(item["issued_at"]["N"]),
        "code_expires_at": int(item["expires_at"]["N"]),
        "nothing_associated_at": now if association is None else None,
        "confirmed": False,
    }
    views = [{**image, "preview": preview(data_key, "pending", set_id, image["kind"])} for image in images]
    try:
        DYNAMODB.update_item(
            TableName=os.environ["SESSIONS_TABLE"],
            Key={"session_id": session["session_id"]},
            UpdateExpression="SET #submission = :submission, #used = :now, #end = :end",
            ConditionExpression="attribute_exists(#key) AND attribute_not_exists(#successor)",
            ExpressionAttributeNames={
                "#key": "session_id",
                "#submission": "submission",
                "#successor": "successor",
                "#used": "used_at",
                "#end": "expires_at",
            },
            ExpressionAttributeValues={
                ":submission": {"B": seal(session_key, "session submission", json.dumps(submission).encode())},
                ":now": {"N": str(now)},
                ":end": {"N": str(min(now + IDLE, int(session["hard_end"]["N"])))},
            },
        )
    except ClientError as error:
        raise ValueError("the session has ended") from error
    response = {
        "subject": "self",
        "profile": submission["profile"],
        "images": views,
        "issued_at": moment(submission["issued_at"]),
        "expires_at": moment(submission["code_expires_at"]),
        "confirmed": False,
        "submissions_left": submissions_left,
    }
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(response)}


def main():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        event = api.getresponse()
        read = json.load(event)
        try:
            kind, body = "response", handle(read)
        except (ValueError, KeyError, ClientError) as error:
            kind, body = "error", {"errorMessage": repr(error)}
        api.request("POST", f"/2018-06-01/runtime/invocation/{event.headers['lambda-runtime-aws-request-id']}/{kind}", json.dumps(body))
        api.getresponse().read()


if __name__ == "__main__":
    main()
