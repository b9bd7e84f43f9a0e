"""A bare Falcon application, as the measure of all rates: it reads a body and answers 201."""

import falcon


class Bare:
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"name": "bare"}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media, resp.status = {"read": len(req.bounded_stream.read())}, falcon.HTTP_201


def application() -> falcon.App[falcon.Request, falcon.Response]:
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    app.add_route("/", Bare())
    return app
