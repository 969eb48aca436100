"""The colours of maps, pages and layers: names alone, so that nothing need be drawn to know them."""

# Six steps of matplotlib's magma, light (near) to dark (far): lightness falls at each
# step, so the order survives every colour blindness and a black-and-white printer.
RAMP = ("#fcf0b2", "#feb77e", "#f7705c", "#bf3a77", "#782281", "#251255")
# Remoteness counts gammes: "none" is paler than any time, the rest spread on the ramp.
NOT_REMOTE = "#f7f4ea"

PAPER = "#ffffff"
SEA = "#e3ecf2"
NEIGHBOUR = "#ededeb"
NEIGHBOUR_EDGE = "#ffffff"
LAND = "#e0dfda"
MISSING_FILL = "#f4f4f4"
MISSING_HATCH = "#8a8a8a"
COMMUNE_EDGE = "#6b6660"
EPCI_EDGE = "#1d1d1b"
INK = "#1d1d1b"
SOFT_INK = "#55524d"
RULE = "#c9c6c0"
FICTIONAL = "#a4262c"
SITE = "#0b6e75"
