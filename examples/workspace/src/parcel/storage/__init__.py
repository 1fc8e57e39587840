"""Read and write the files that an installation keeps."""

from parcel.storage.events import read_events, write_events
from parcel.storage.shipments import Import, find_shipment, read_shipments

__all__ = ["Import", "find_shipment", "read_events", "read_shipments", "write_events"]
