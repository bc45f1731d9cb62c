"""Records calls to AWS, and computes the cost of DynamoDB calls in read and write units as docs/usage.md counts them.

The cost depends on the sizes of items. A request that updates or deletes an item does not contain the whole item. In this case, the size is
estimated: it is the size of the item when it was last read or written. For an update, it is at least the size of the key and the values in
the request."""

import base64
import json
import math
import re

# Bytes that a call can read for one read unit, and write for one write unit. A call that finds no item costs as much as one of this size.
READ, WRITE = 4096, 1024
# The tables that have an index, with the attributes of the index's key. An item without the first of these attributes is not in the index.
# An update that changes one of the attributes writes to the index twice.
INDEXES = {"Outbox": ("due", "next_at"), "Staff": ("employee", "business")}


def size(value):
    """Returns the size of an attribute's value in bytes (DynamoDB Developer Guide, "Item sizes and formats")."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return math.ceil(len(content.strip("-").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(base64.b64decode(content))
    if kind == "L":
        return 3 + sum(1 + size(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size(one) for name, one in content.items())
    if kind in ("SS", "NS", "BS"):
        return sum(size({kind[0]: one}) for one in content)
    return 1


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


class Units:
    def __init__(self):
        # For each table, the key attributes and sizes of the items that were read or written so far, the latest first.
        self.known_items = {}

    def cost(self, operation, request, response):
        """Returns (read units, write units) of one request."""
        if operation == "GetItem":
            found = response.get("Item")
            if found:
                self.remember(request["TableName"], found, item_size(found))
            return reads([item_size(found or {})], request.get("ConsistentRead")), 0
        if operation in ("Query", "Scan"):
            return reads([sum(map(item_size, response.get("Items", [])))], request.get("ConsistentRead")), 0
        if operation == "BatchGetItem":
            read = 0
            for table, keys in request["RequestItems"].items():
                found = [item_size(item) for item in response.get("Responses", {}).get(table, [])]
                missing = [0] * (len(keys["Keys"]) - len(found))
                read += reads(found + missing, keys.get("ConsistentRead"))
            return read, 0
        if operation == "TransactWriteItems":
            # A write in a transaction costs twice as much as the same write alone.
            writes = [next(iter(write.items())) for write in request["TransactItems"]]
            return 0, sum(self.write_cost(kind, write, 2) for kind, write in writes)
        if operation in ("PutItem", "UpdateItem", "DeleteItem"):
            return 0, self.write_cost(operation.removesuffix("Item"), request, 1)
        raise ValueError(f"the cost of {operation} is unknown")

    def write_cost(self, kind, write, factor):
        table = write["TableName"]
        key = write["Item"] if kind == "Put" else write["Key"]
        after = before = self.known_size(table, key) if kind != "Put" else item_size(key)
        if kind == "Update":
            values = sum(map(size, write.get("ExpressionAttributeValues", {}).values()))
            after = max(before, item_size(key) + values)
        self.remember(table, key, 0 if kind == "Delete" else after)
        return units(max(before, after)) * factor + index_writes(kind, write)

    def known_size(self, table, key):
        return next((size for item, size in self.known_items.get(table, []) if all(item.get(name) == value for name, value in key.items())), 0)

    def remember(self, table, item, size):
        # Stores only attributes that may be keys: short strings and numbers.
        item = {name: value for name, value in item.items() if "S" in value and len(value["S"]) < 200 or "N" in value}
        self.known_items.setdefault(table, []).insert(0, (item, size))


def index_writes(kind, write):
    """Returns the write units that a write to a table costs in the table's index. Each entry of the two indexes in INDEXES is smaller than 1 KB, so writing it
    costs one unit."""
    for table, keys in INDEXES.items():
        if f"-{table}-" in write["TableName"]:
            if kind == "Put":
                return int(keys[0] in write["Item"])
            changed = kind == "Update" and any(name in keys for name in write.get("ExpressionAttributeNames", {}).values())
            # Wake records, which only make the stream call the sender, are not in the index.
            return 0 if write["Key"].get("message_id", {}).get("S", "").startswith("wake#") else 2 if changed else 1
    return 0


def reads(sizes, consistent):
    return sum(max(1, math.ceil(one / READ)) for one in sizes) * (1 if consistent else 0.5)


def units(of):
    return max(1, math.ceil(of / WRITE))


class Recorder:
    """Writes a line of JSON for each call: the function, the AWS service and operation, and the cost."""

    def __init__(self, path):
        self.file, self.units = path.open("a", encoding="utf-8"), Units()

    def record(self, headers, method, path, request, status, response):
        function = re.search(r"app/([A-Za-z0-9-]+)", headers.get("User-Agent", "") + headers.get("x-amz-user-agent", ""))
        service = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", headers.get("Authorization", ""))
        if function is None or service is None:
            return
        line = {"function": function[1], "service": service[1]}
        if service[1] == "dynamodb":
            line["operation"] = headers["X-Amz-Target"].partition(".")[2]
            request = json.loads(request)
            # A write whose condition fails costs the same as a successful write.
            response = json.loads(response) if status == 200 else {}
            line["read_units"], line["write_units"] = self.units.cost(line["operation"], request, response)
        else:
            line["operation"] = headers.get("X-Amz-Target", method).rpartition(".")[2]
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
