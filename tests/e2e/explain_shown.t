#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: explain shows the very text that a touch was given for, out of a copy of the log, and no other.
test_description='what was shown for a certificate'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/seats.sh"

explain() { handseal-verify --config $HS_SERVER explain c-cert.pub --user deploy "$@" >out 2>err; }

seats_begin
test_expect_success 'a certificate under a touch; the log says what was shown' '
	opened && ssh-keygen -q -t ed25519 -N "" -f c && handseal request --key c.pub -o c-cert.pub --user deploy --host web1.example.com --cmd uptime --ttl 10m --agent claude && explain && grep "is record [0-9]* of that daemon" out &&
	cp "$log" copy && explain --audit copy && test ! -s err && grep "^           | .*deploy@web1.example.com" out && ! grep "of that daemon" out &&
	explain --audit copy --json && field out "\$j->{touch}{shown}" >shown && sha=$(field out "\$j->{touch}{shown_sha256}") && test "$(head -c -1 shown | sha256sum | cut -c1-64)" = $sha
'
test_expect_success 'a log that was changed, another, none, one that is none: not shown, and the answer stays' '
	seq=$(explain && sed -n "s/.*is record \([0-9]*\) of.*/\1/p" out) && sed "s/web1/web2/" copy >changed && explain --audit changed && grep "record $seq of changed is not the one that was signed" err && grep "of that daemon" out && grep -v "^{\"seq\":$seq," copy >less && explain --audit less && grep "record $seq is not in less" err &&
	explain --audit none && grep "none: No such file" err && head -c 2000000 /dev/zero >zero && explain --audit zero && grep "zero holds a line" err && : >empty && explain --audit empty && grep "is not in empty" err
'
hs_done
