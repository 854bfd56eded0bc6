"""Makes ``twistd immich-ml-proxy`` known to Twisted."""

from twisted.application.service import ServiceMaker

proxy = ServiceMaker(
    "immich-ml-proxy",
    "immich_ml_proxy.tap",
    "One address in front of all your Immich machine-learning servers.",
    "immich-ml-proxy",
)
