"""What a call to AWS costs in DynamoDB's units, as docs/usage.md counts it: by the sizes of items, which it keeps in mind.

An item that is updated or deleted is as large as it was when last seen, or as what the update brings."""

import base64
import json
import math
import re

# A call that finds nothing is paid like one that finds little.
READ, WRITE = 4096, 1024
# Keys of the index that a table has: an item without the first is not in it, and an update that changes one of them writes it twice.
INDEXES = {"Outbox": ("due", "next_at"), "Staff": ("employee", "business")}


def size(value):
    """Bytes of an attribute's value, as AWS describes it (DynamoDB developer guide, "Item sizes and formats")."""
    kind, held = next(iter(value.items()))
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return math.ceil(len(held.strip("-").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(base64.b64decode(held))
    if kind == "L":
        return 3 + sum(1 + size(one) for one in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size(one) for name, one in held.items())
    if kind in ("SS", "NS", "BS"):
        return sum(size({kind[0]: one}) for one in held)
    return 1


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


class Units:
    def __init__(self):
        # By table: what is known of items, the latest first.
        self.seen = {}

    def of(self, operation, asked, answered):
        """(reads, writes) of one request."""
        if operation == "GetItem":
            found = answered.get("Item")
            if found:
                self.remember(asked["TableName"], found, item_size(found))
            return reads([item_size(found or {})], asked.get("ConsistentRead")), 0
        if operation in ("Query", "Scan"):
            return reads([sum(map(item_size, answered.get("Items", [])))], asked.get("ConsistentRead")), 0
        if operation == "BatchGetItem":
            read = 0
            for table, wanted in asked["RequestItems"].items():
                found = [item_size(item) for item in answered.get("Responses", {}).get(table, [])]
                missing = [0] * (len(wanted["Keys"]) - len(found))
                read += reads(found + missing, wanted.get("ConsistentRead"))
            return read, 0
        if operation == "TransactWriteItems":
            parts = [next(iter(part.items())) for part in asked["TransactItems"]]
            return 0, sum(self.written(kind, part, 2) for kind, part in parts)
        if operation in ("PutItem", "UpdateItem", "DeleteItem"):
            return 0, self.written(operation.removesuffix("Item"), asked, 1)
        raise ValueError(f"what does {operation} cost?")

    def written(self, kind, part, times):
        table = part["TableName"]
        key = part["Item"] if kind == "Put" else part["Key"]
        after = before = self.known(table, key) if kind != "Put" else item_size(key)
        if kind == "Update":
            brought = sum(map(size, part.get("ExpressionAttributeValues", {}).values()))
            after = max(before, item_size(key) + brought)
        self.remember(table, key, 0 if kind == "Delete" else after)
        return units(max(before, after)) * times + index_writes(kind, part)

    def known(self, table, key):
        return next((size for item, size in self.seen.get(table, []) if all(item.get(name) == value for name, value in key.items())), 0)

    def remember(self, table, item, size):
        # Names and values of what may be keys: short texts and numbers.
        item = {name: value for name, value in item.items() if "S" in value and len(value["S"]) < 200 or "N" in value}
        self.seen.setdefault(table, []).insert(0, (item, size))


def index_writes(kind, part):
    """Projections are as small as 1 KB in both tables."""
    for table, keys in INDEXES.items():
        if f"-{table}-" in part["TableName"]:
            if kind == "Put":
                return int(keys[0] in part["Item"])
            changed = kind == "Update" and any(name in keys for name in part.get("ExpressionAttributeNames", {}).values())
            # Records that only wake the sender are in no index.
            return 0 if part["Key"].get("message_id", {}).get("S", "").startswith("wake#") else 2 if changed else 1
    return 0


def reads(sizes, consistent):
    return sum(max(1, math.ceil(one / READ)) for one in sizes) * (1 if consistent else 0.5)


def units(of):
    return max(1, math.ceil(of / WRITE))


class Recorder:
    """Writes a line for each call of a function: whose it was, what it asked, what that costs."""

    def __init__(self, path):
        self.file, self.units = path.open("a", encoding="utf-8"), Units()

    def saw(self, headers, method, path, asked, status, answered):
        function = re.search(r"app/([A-Za-z0-9-]+)", headers.get("User-Agent", "") + headers.get("x-amz-user-agent", ""))
        service = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", headers.get("Authorization", ""))
        if function is None or service is None:
            return
        line = {"function": function[1], "service": service[1]}
        if service[1] == "dynamodb":
            line["operation"] = headers["X-Amz-Target"].partition(".")[2]
            asked = json.loads(asked)
            # A condition that does not hold is paid like a write that was done.
            answered = json.loads(answered) if status == 200 else {}
            line["read_units"], line["write_units"] = self.units.of(line["operation"], asked, answered)
        else:
            line["operation"] = headers.get("X-Amz-Target", method).rpartition(".")[2]
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
