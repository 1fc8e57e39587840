"""Track shipments of several carriers from files and from the carriers' own feeds."""

from parcel.errors import ParcelError
from parcel.models import Event, Shipment, Status
from parcel.tracking import current_status, is_late, timeline

__version__ = "1.4.0"

__all__ = ["Event", "ParcelError", "Shipment", "Status", "__version__", "current_status", "is_late", "timeline"]
