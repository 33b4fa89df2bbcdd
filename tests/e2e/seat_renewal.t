#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a seat's certificates are renewed without a login noticing.
test_description='renewal on a seat, under load'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/seats.sh"

seats_begin
# A new certificate each second, while four log in one after the other as fast as they can, for a minute: where the sanitizers are in, for
# ten seconds. SEAT_SECONDS says otherwise.
seconds=${SEAT_SECONDS:-$(grep -q fsanitize "$HS_BUILD/flags" && echo 10 || echo 60)}
logins() { # N: until $end
	n=0
	while test $(date +%s) -lt $end; do
		login uptime >renew.out.$1 2>&1 || { echo FAILED && cat renew.out.$1 && return 1; }
		n=$((n + 1))
	done
	echo "logins $n"
}
test_expect_success 'renewed each second, under load, without a gap' '
	daemon HANDSEAL_SEAT_SECONDS=1 && watched && opened && scope s "user deploy" "cmd uptime" && seat a s claude && seated a && end=$(($(date +%s) + $seconds)) && pids= &&
	before=$(grep -c "\"event\":\"issue\"" "$log") && for w in 1 2 3 4; do logins $w >renew.$w 2>&1 & pids="$pids $!"; done && for p in $pids; do wait $p || return 1; done &&
	test $(grep -h "^logins [1-9]" renew.? | wc -l) = 4 && issued=$(($(grep -c "\"event\":\"issue\"" "$log") - before)) && echo "# $issued certificates" &&
	test $issued -ge $(($seconds / 2)) && ended a
'
hs_done
