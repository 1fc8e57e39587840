"""The errors that parcel raises on purpose, and the exit status that each one has.

ParcelError
|-- UsageError            2   a date, weight or option that cannot be read
|-- UnknownShipment       3   no shipment has this number
|-- UnknownCarrier        3   no adapter has this name
|-- NoRate                3   no tariff covers this weight and zone
|-- StoreError            4   a file is missing, unreadable or not in its format
|-- SettingsError         4   the settings file has an unknown key or a wrong type
`-- CarrierError          5   a carrier answered with something that is not a feed
    `-- CarrierUnavailable    the carrier did not answer after every attempt
"""


class ParcelError(Exception):
    """Say what went wrong, and what the user can do about it."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ParcelError):
    """A date, weight or option cannot be read."""

    exit_status = 2


class UnknownShipment(ParcelError):
    """No shipment has this number."""

    exit_status = 3


class UnknownCarrier(ParcelError):
    """No adapter has this name."""

    exit_status = 3


class NoRate(ParcelError):
    """No tariff covers this weight and zone."""

    exit_status = 3


class StoreError(ParcelError):
    """A file is missing, unreadable or not in its format."""

    exit_status = 4


class SettingsError(ParcelError):
    """The settings file has an unknown key or a value of the wrong type."""

    exit_status = 4


class CarrierError(ParcelError):
    """A carrier answered with something that is not a feed."""

    exit_status = 5


class CarrierUnavailable(CarrierError):
    """The carrier did not answer after every attempt."""
