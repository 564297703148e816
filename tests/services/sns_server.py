"""Topics of SNS for tests, each with a queue that is subscribed to it: started, killed, paused and
started again.

    with SnsServer() as sns:
        arn = sns.make("orders")
        ... sns.url ...
        sns.kill()
        sns.start()
        sns.notifications("orders")

moto, whose state lives in its memory. So that a kill takes along what it would take at AWS - requests
that were not answered - clients come in by a door, which is closed first; then the subscriber takes
what has arrived. It is opened again when the topics are there again. The port is the same for the
whole life of the object. It takes any key and looks at no signature.
"""
import json
from collections import defaultdict

from aws_stand_in import AwsStandIn
from s3_client import Store
from tcp_proxy import TcpProxy

ACCOUNT = "123456789012"  # moto's.
BATCH = 10


class SnsServer:
    access_key, secret_key = "of-nobody", "hush-of-nobody"

    def __init__(self):
        self.aws = AwsStandIn()
        self.door = TcpProxy(self.aws.port)
        self.port, self.url = self.door.port, f"http://{self.door.address}"
        self.sns, self.sqs = map(Store(self.aws).client, ("sns", "sqs"))
        self.queues = {}
        self.taken = defaultdict(list)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.door.go_away()
        self.aws.__exit__()

    def start(self):
        """Returns once it answers, with the topics it had."""
        self.aws.start()
        for name in list(self.queues):
            self.make(name)
        self.door.come_back()

    def kill(self):
        self.door.go_away()
        for name in self.queues:
            self._take(name)
        self.aws.kill()

    def pause(self):
        self.aws.pause()

    def resume(self):
        self.aws.resume()

    @staticmethod
    def arn(name):
        return f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"

    def make(self, name):
        """A topic and its queue; the topic's ARN."""
        self.sns.create_topic(Name=name)
        self.queues[name] = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.sns.subscribe(TopicArn=self.arn(name), Protocol="sqs",
                           Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
        return self.arn(name)

    def notifications(self, name):
        """All that the subscriber of a topic has been told."""
        self._take(name)
        return self.taken[name]

    def _take(self, name):
        queue = self.queues[name]
        while messages := self.sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=BATCH).get("Messages"):
            self.taken[name] += [json.loads(message["Body"]) for message in messages]
            self.sqs.delete_message_batch(QueueUrl=queue, Entries=[
                {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                for i, message in enumerate(messages)])
