"""Seeds a torrent with libtorrent until it is stopped: TORRENT FOLDER PORT always|never (announce).

Prints READY once it runs.
"""

import signal
import sys

try:
    import libtorrent
except ImportError:
    sys.exit("no libtorrent for Python: install the package python3-libtorrent")

torrent_path, folder, port, announces = sys.argv[1:5]
session = libtorrent.session({
    "listen_interfaces": f"127.0.0.1:{port}",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
})
parameters = libtorrent.add_torrent_params()
parameters.ti = libtorrent.torrent_info(torrent_path)
parameters.save_path = folder
parameters.flags |= libtorrent.torrent_flags.seed_mode
parameters.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
if announces == "never":
    parameters.trackers = []
    parameters.flags |= libtorrent.torrent_flags.override_trackers
session.add_torrent(parameters)
print("READY", flush=True)
signal.pause()
