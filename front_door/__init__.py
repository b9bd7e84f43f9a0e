"""The front door: how requests enter the pool and responses leave it, as a worker class of gunicorn.

One event loop per process reads heads and bodies until they are complete, and sends what a client is too slow to take;
a few threads run the application. So a thread is never held by a connection, however slow, and connections cost memory
alone, which is limited. Parsing and WSGI stay gunicorn's.

waitress works alike, but its threads wait once a response has reached a watermark, and long requests and responses go
through temporary files. Here a stream gives its thread back instead, and a limit on memory ends the slowest transfers.

Who owns a connection changes hands, and nothing else is locked: the loop while bytes are received or sent, one thread
while the application runs. `Phase` says which.
"""
