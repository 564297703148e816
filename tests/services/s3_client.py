"""What tests put into S3 servers and look at them with: boto3 and the AWS CLI, from PyPI.

They come once, into a virtual environment of their own below ~/.cache/tidemill.
"""
import fcntl
import hashlib
import os
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = ("boto3==1.44.8", "awscli==1.46.3")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidemill"
FETCH_SECONDS = 540


class ToolsMissing(Exception):
    """boto3 could not be had; the text says why."""


def tools():
    """The virtual environment; made when it is not there yet."""
    name = hashlib.sha256(" ".join((*REQUIREMENTS, sys.version)).encode()).hexdigest()[:16]
    folder = CACHE / f"s3-client-{name}"
    ready = folder / "ready"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"s3-client-{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", str(folder)],
                        [str(folder / "bin/pip"), "install", "--quiet",
                         "--disable-pip-version-check", *REQUIREMENTS]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=FETCH_SECONDS, check=False)
            if done.returncode != 0:
                raise ToolsMissing(f"{' '.join(command)}:\n{done.stdout}")
        ready.touch()
    return folder


class Store:
    """The buckets of a server as its user sees them."""

    def __init__(self, server):
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        site.addsitedir(str(tools() / "lib" / version / "site-packages"))
        import boto3
        import botocore.config
        self.server = server
        self.s3 = boto3.client(
            "s3", endpoint_url=server.url, region_name="us-east-1",
            aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key,
            config=botocore.config.Config(s3={"addressing_style": "path"},
                                          retries={"mode": "standard", "max_attempts": 10}))

    def make(self, *buckets):
        for bucket in buckets:
            self.s3.create_bucket(Bucket=bucket)

    def put(self, bucket, key, body, **more):
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)

    def get(self, bucket, key):
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def head(self, bucket, key):
        return self.s3.head_object(Bucket=bucket, Key=key)

    def keys(self, bucket):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def uploads(self, bucket):
        """Keys of what was begun to be uploaded in parts and neither completed nor aborted."""
        return [item["Key"] for item in
                self.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def environment(server):
    """What AWS's own tools, and tidemill, take from the environment."""
    return {"AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key, "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true"}
