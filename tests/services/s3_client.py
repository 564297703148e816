"""What tests put into S3 servers and look at them with: boto3 and the AWS CLI, from PyPI."""
import json
import site

import pypi

REQUIREMENTS = ("boto3==1.44.8", "awscli==1.46.3")
ANSWERED_WITHIN = 10  # Seconds, of put_once().


def tools():
    """The virtual environment; made when it is not there yet."""
    return pypi.environment("s3-client", REQUIREMENTS)


class Store:
    """The buckets of a server as its user sees them."""

    def __init__(self, server):
        site.addsitedir(str(pypi.packages(tools())))
        self.server = server
        self.s3 = self._s3(retries={"mode": "standard", "max_attempts": 10})
        self.s3_once = self._s3(retries={"total_max_attempts": 1}, read_timeout=ANSWERED_WITHIN)

    def _s3(self, **options):
        import botocore.config
        return self.client("s3", config=botocore.config.Config(
            s3={"addressing_style": "path"}, **options))

    def client(self, service, **more):
        import boto3
        return boto3.client(service, endpoint_url=self.server.url, region_name="us-east-1",
                            aws_access_key_id=self.server.access_key,
                            aws_secret_access_key=self.server.secret_key, **more)

    def topic(self, name, attributes):
        """Makes or changes one, for notifications of a bucket; its ARN."""
        return self.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def role(self, name, actions):
        """Makes a role that may do these."""
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}))

    def make(self, *buckets):
        for bucket in buckets:
            self.s3.create_bucket(Bucket=bucket)

    def put(self, bucket, key, body, **more):
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)

    def put_once(self, bucket, key, body):
        """Puts it with one request, for those who count writes; whether the server has answered.

        radosgw answers after it has told of the object, and now and then never: it looks whether
        its push is over and then asks to be woken, without a lock between the two, so that a push
        that ends just then wakes nobody (mended by https://github.com/ceph/ceph/pull/57632). The
        object is there all the same. Who puts it again writes it a second time."""
        import botocore.exceptions
        try:
            self.s3_once.put_object(Bucket=bucket, Key=key, Body=body)
        except botocore.exceptions.ReadTimeoutError:
            return False
        return True

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
