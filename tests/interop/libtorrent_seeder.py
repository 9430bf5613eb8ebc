"""Seeds a torrent with libtorrent until it is stopped:
TORRENT FOLDER PORT always|never (announce) usual|require|off (encryption) [PORT of a peer to dial].

Prints READY once it runs.
"""

import signal
import sys

try:
    import libtorrent
except ImportError:
    sys.exit("no libtorrent for Python: install the package python3-libtorrent")

torrent_path, folder, port, announces, encryption = sys.argv[1:6]
policy = {"require": 0, "usual": 1, "off": 2}[encryption]
session = libtorrent.session({
    "listen_interfaces": f"127.0.0.1:{port}",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "in_enc_policy": policy,
    "out_enc_policy": policy,
    "allowed_enc_level": 2 if encryption == "require" else 3,
})
parameters = libtorrent.add_torrent_params()
parameters.ti = libtorrent.torrent_info(torrent_path)
parameters.save_path = folder
parameters.flags |= libtorrent.torrent_flags.seed_mode
parameters.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
if announces == "never":
    parameters.trackers = []
    parameters.flags |= libtorrent.torrent_flags.override_trackers
handle = session.add_torrent(parameters)
for peer_port in sys.argv[6:]:
    handle.connect_peer(("127.0.0.1", int(peer_port)))
print("READY", flush=True)
signal.pause()
