"""Orbits and attitudes from files of other tools: CCSDS OEM, AEM and OMM as KVN, XML or JSON, and two-line elements."""
