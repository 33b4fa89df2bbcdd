#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: evidence for one certificate, written where it was made, is proven elsewhere with the
# roots alone, and is not once anything in it is changed. That no byte can be is tests/unit/test_evidence.c's.
test_description='evidence for one certificate'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
evidence() { handseal audit evidence --log made "$@"; }
check() { handseal-verify evidence "$@"; }

test_expect_success 'a certificate of a daemon, with the certificate itself' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue >out &&
	rm -f "$XDG_CONFIG_HOME/handseal/policy" && hs_handseald_start && hs_softkey blue touch-next &&
	handseal open --user deploy --host web1.example.com --cmd uptime --reason "nightly" >out && handseal roots --pub >roots &&
	handseal request --user deploy --host web1.example.com --cmd uptime --agent claude -o job >out &&
	does 0 "job.evidence: [0-9]* records of [0-9a-f]*\.1, " handseal audit evidence 1 --cert job-cert.pub -o job.evidence && hs_stop handseald &&
	does 0 "^PROVEN: [0-9a-f]*\.1 was made under a touch" check job.evidence --roots roots && grep "^  cert  *is the one of that record, and good" out &&
	grep "SIMULATED" out && grep "^  *| handseal ...: open a session" out && grep "^  *| Says: \"nightly\"" out && grep "^  agent  *claude" out &&
	cp roots "$HS_SERVER/roots" && does 0 "^PROVEN" handseal-verify --config "$HS_SERVER" evidence job.evidence && does 0 "^PROVEN" check - --roots roots <job.evidence || does 0 "^PROVEN" sh -c "handseal-verify evidence - --roots roots <job.evidence"
'
test_expect_success 'by a checkpoint, without it' '
	mkdir made && auditctl make made sessions=2 certificates=6 every=3 cert=made/cert && session=$(handseal audit show --log made --json --event issue | tail -n 1 | sed "s/.*\"session\":\"\([0-9a-f]*\).*/\1/") &&
	does 0 "records of $session.2, " evidence $session.2 -o e && does 0 "^PROVEN" check e --roots made/roots && grep "^  record  *[0-9]*, signed in record" out && ! grep "^  cert" out &&
	does 0 . check e --roots made/roots --json && is out "\$j->{proven} && \$j->{id} eq q($session.2) && \$j->{signed_in} > \$j->{made_in} && \$j->{shown} eq qq(a prompt\n)" &&
	does 0 . evidence $session.6 -o e6 --cert made/cert --json && is out "\$j->{signed} && \$j->{records} > 4" && does 0 "^PROVEN" check e6 --roots made/roots && test "$(stat -c %a e6)" = 600
'
test_expect_success 'not proven: another root, a changed record, another certificate, nothing that signs' '
	does 3 "none of the roots given" check e --roots roots && sed "s/claude/clauda/" e >e2 && does 3 "^NOT PROVEN" check e2 --roots made/roots &&
	grep -v "\"event\":\"touch\"" e >e2 && does 3 "^NOT PROVEN" check e2 --roots made/roots && grep -v "\"event\":\"ask\"" e >e2 && does 3 "^NOT PROVEN" check e2 --roots made/roots &&
	does 0 . evidence $session.5 -o e3 --cert made/cert && does 3 "the certificate is not the one that record" check e3 --roots made/roots &&
	mkdir bare && auditctl make bare every=0 && handseal audit evidence --log bare 1 -o e4 >out && grep "signed by nothing yet" out &&
	does 3 "nothing signs record 4" check e4 --roots bare/roots && does 3 . check e4 --roots bare/roots --json && is out "!\$j->{proven}"
'
test_expect_success 'no evidence at all' '
	does 1 "it is no evidence of handseal" check roots --roots roots && does 1 "nonesuch: " check nonesuch --roots roots && does 1 "nonesuch: " check e --roots nonesuch &&
	does 2 "evidence needs a file" check && does 2 "does not take" check e f && does 1 "e exists, and is never overwritten" evidence $session.2 -o e &&
	does 1 "no record is of" evidence $session.99 -o e9 && test ! -e e9 && usage audit evidence && usage audit evidence 1 && does 1 "holds no certificate" evidence $session.1 -o e9 --cert roots
'
test_expect_success 'hostile texts in it do not reach the terminal' '
	mkdir bad && auditctl make bad reason="$(printf "\033[2J\n\302\233")" shown="$(printf "a\033[31m\r\nb")" && handseal audit evidence --log bad 1 -o e5 >out && check e5 --roots bad/roots >out 2>err && clean &&
	check e5 --roots bad/roots --json >out && clean
'
hs_done
