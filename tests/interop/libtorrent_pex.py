"""Downloads a torrent with libtorrent and exchanges peers: TORRENT FOLDER HOST PORT [PEER_HOST:PORT].

Prints READY once it runs, and then a line `peer HOST` for every peer it comes to be connected to.
"""

import sys
import time

try:
    import libtorrent
except ImportError:
    sys.exit("no libtorrent for Python: install the package python3-libtorrent")

torrent_path, folder, host, port = sys.argv[1:5]
session = libtorrent.session({
    "listen_interfaces": f"{host}:{port}",
    "outgoing_interfaces": host,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "out_enc_policy": int(libtorrent.enc_policy.disabled),
})
parameters = libtorrent.add_torrent_params()
parameters.ti = libtorrent.torrent_info(torrent_path)
parameters.save_path = folder
parameters.trackers = []
parameters.flags |= libtorrent.torrent_flags.override_trackers
parameters.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
torrent = session.add_torrent(parameters)
if len(sys.argv) > 5:
    peer_host, peer_port = sys.argv[5].rsplit(":", 1)
    torrent.connect_peer((peer_host, int(peer_port)))
print("READY", flush=True)
seen = set()
while True:
    for peer in torrent.get_peer_info():
        if peer.ip[0] not in seen and not peer.flags & peer.connecting & ~peer.handshake:
            seen.add(peer.ip[0])
            print("peer", peer.ip[0], flush=True)
    time.sleep(0.1)
