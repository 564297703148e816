"""What one writes who follows a tutorial: an object of S3 through Pillow into another bucket.

    handler.py FROM TO < KEYS

Takes the server and its keys from the environment, and one key a line. thumbnail() comes before
exif_transpose(), so that the decoder may leave out what a thumbnail does not need; the other way
round each photo would be decoded at its full size. Prints one line of JSON, the seconds of the clock
on the wall and of CPU that all the keys took; what it takes to start is left out.
"""
import io
import json
import resource
import sys
import time

import boto3
from PIL import Image, ImageOps


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def thumbnail(s3, source, target, key):
    body = s3.get_object(Bucket=source, Key=key)["Body"].read()
    image = Image.open(io.BytesIO(body))
    image.thumbnail((200, 200), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    ImageOps.exif_transpose(image).save(out, format="JPEG", quality=85)
    s3.put_object(Bucket=target, Key=key, Body=out.getvalue(), ContentType="image/jpeg")


def main():
    source, target = sys.argv[1:]
    keys = sys.stdin.read().split()
    s3 = boto3.client("s3")
    thumbnail(s3, source, target, keys[0])  # Connected, and all that is loaded late is loaded.
    wall, cpu = time.monotonic(), cpu_seconds()
    for key in keys:
        thumbnail(s3, source, target, key)
    print(json.dumps({"wall": time.monotonic() - wall, "cpu": cpu_seconds() - cpu}))


if __name__ == "__main__":
    main()
