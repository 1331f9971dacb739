"""The section ``[downlink]``: what the camera's radio brings home."""

from __future__ import annotations

from pydantic import Field

from selfiesim.scene.section import Section


class DownlinkSection(Section):
    """From the camera to the craft by radio, and on to the Earth.

    Little of it is published for any camera that was pushed off: each default is assumed, what is plausible stands in
    docs/photo.md. The picture a second (CNSA, 2020) and the rate to the Earth (up to 1 Mbit/s at 400 million km: Wang
    et al., Journal of Deep Space Exploration, 2023) are Tianwen-1's own.
    """

    transmit_dbm: float = Field(15.0, ge=-60, le=60, description="Power of the camera's transmitter.")
    transmit_gain_dbi: float = Field(0.0, ge=-60, le=60, description="Gain of its antenna.")
    receive_gain_dbi: float = Field(2.0, ge=-60, le=60, description="Gain of the craft's antenna.")
    losses_db: float = Field(6.0, ge=0, le=200, description="Cables, polarisation, the tumbling camera's pattern.")
    frequency_mhz: float = Field(2437.0, ge=100, le=100_000, description="Of the carrier.")
    bandwidth_mhz: float = Field(20.0, ge=1, le=160, description="Of the channel; rates grow with it.")
    noise_figure_db: float = Field(6.0, ge=0, le=40, description="Of the receiver.")
    margin_db: float = Field(3.0, ge=-20, le=40, description="Signal to spare before a faster rate is chosen.")
    efficiency: float = Field(0.6, gt=0, le=1, description="Share of the rate that is left for pictures.")
    packet_bytes: int = Field(1400, ge=100, le=65_000, description="Of picture in a packet.")
    retries: int = Field(3, ge=0, le=20, description="How often a packet is sent again.")
    stray_loss: float = Field(0.002, ge=0, le=0.9, description="Share of packets lost whatever the signal.")
    restart_rows: int = Field(1, ge=0, le=100, description="Rows of JPEG blocks between restart markers; 0: none.")
    bits_per_pixel: float = Field(0.8, ge=0.05, le=24, description="Of the camera's JPEG, before it is rendered.")
    cadence_s: float = Field(1.0, ge=0.05, le=3600, description="From one picture to the next.")
    battery_wh: float = Field(2.0, gt=0, le=1000, description="What the camera's battery holds at the release.")
    power_w: float = Field(4.0, gt=0, le=1000, description="What camera and radio draw.")
    earth_kbit_s: float = Field(1000.0, ge=0.001, le=1e6, description="Of the craft's link to the Earth.")
    seed: int = Field(0, ge=0, lt=2**63, description="Another seed loses other packets.")
