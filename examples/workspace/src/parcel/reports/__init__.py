"""Tables for people: which shipments are late, and how each carrier does."""

from parcel.reports.delays import CarrierRecord, by_carrier, late_shipments

__all__ = ["CarrierRecord", "by_carrier", "late_shipments"]
