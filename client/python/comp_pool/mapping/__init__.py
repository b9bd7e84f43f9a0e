"""`comp-pool map`: items are read, computed by a pool or here, and their results written, in order.

A run is a loop over one queue of messages (`run.py`): items, from the thread that reads them (`reader.py`), and
outcomes, from a pool (`pool_backend.py`) or this computer (`local_backend.py`). What is read and not yet written is
bounded in number and size (`credit.py`), so that an input may be endless.
"""
