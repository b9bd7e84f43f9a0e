"""The flat files: a tree of JSON documents and empty markers that mirrors the URIs.

    jobs/<job>/job.json
    jobs/<job>/variables/<shard>/<variable>.json            the input
    jobs/<job>/results/<shard>/<variable>.json              its one outcome: a result, or its withdrawal
    jobs/<job>/rejected/<shard>/<variable>/<result>.json    results that were refused, with the reason
    jobs/<job>/queue/open/<shard>/<variable>                markers, empty: the state of the work
    jobs/<job>/queue/leased/<deadline>/<variable>
    jobs/<job>/queue/failed/<shard>/<variable>
    jobs/<job>/journal/{variables,events}.ndjson            one appended line per event, in order
    jobs/<job>/tally.json                                   the journal summed up, so that counting is cheap
    jobs/<job>/flows/<flow>, taken/<shard>/<variable>.json   which flows use the job, and variables that they took
    flows/<flow>/flow.json                                  the tree as it was posted
    flows/<flow>/<level>/{started,merged}.json              what a level began with, and what came of it
    flows/<flow>/<level>/settled/<entry>.json               what came of an entry
    flows/<flow>/outcome.json, running, news/<name>         how it ended; markers: it runs, something happened to it
    flow-claims/<shard>/<digest>.json                       flows by their keys of idempotency
    flows-behind/<flow>                                     markers: what could not be done at once
    keys/<digest>.json, secrets/<name>
    tmp/<process>/…                                         documents on their way; see `files`
    trash/…, damaged/…                                      deleted jobs on their way out; what `check` set aside

Documents are the truth. Two transactions decide everything: `rename` of a marker leases a variable, `link` of
an outcome to its one name finishes it; each has one winner among any number of processes.
"""

from storage.flat.store import FlatStore

__all__ = ["FlatStore"]
