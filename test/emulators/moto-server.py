"""
moto's own server, in which S3 answers one request after the other. moto answers each in a thread of its own with nothing
between them: it looks at the condition first and writes then, so that two writers that had both read the same ETag were
both told that they had won, and it reads from an object's file after another write has closed it, and answers 500.

It is started as moto's own command is: python moto-server.py -H 127.0.0.1 -p 5000
"""

import functools
import threading

from moto.s3.responses import S3Response
from moto.server import main

one_at_a_time = threading.Lock()


def alone(answer):
    @functools.wraps(answer)
    def waits(*request):
        with one_at_a_time:
            return answer(*request)

    return waits


# Request bodies have been read before these are called: nobody waits for another's network. They do not call each
# other; a release that has them no more ends here with an AttributeError.
S3Response._key_response = alone(S3Response._key_response)
S3Response._bucket_response = alone(S3Response._bucket_response)

if __name__ == "__main__":
    main()
