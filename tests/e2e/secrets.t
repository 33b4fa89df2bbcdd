#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: while a session is open, its private key is in the daemon's locked memory, where no
# core file and no swap takes it from, and nowhere else; when it is over, the key is nowhere.
test_description='handseald: where the session key is'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
printf 'max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser deploy\n' >scope

# memory.pl PID public HEX: the seed that stands before this public key in locked memory, in hex
# memory.pl PID seed HEX: how often that seed is in locked memory, and how often elsewhere
cat >memory.pl <<'EOP'
my ($pid, $what, $hex) = @ARGV;
my $needle = pack 'H*', $hex;
length $needle == 32 or die 'no key to look for';
my (@ranges, %seen);
open my $maps, '<', "/proc/$pid/smaps" or die "smaps: $!";
while (<$maps>) {
	push @ranges, {from => hex $1, to => hex $2, name => $3} if /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)/;
	$ranges[-1]{flags} = $1 if /^VmFlags:(.*)/;
}
open my $mem, '<:raw', "/proc/$pid/mem" or die "mem: $!";
for my $r (@ranges) {
	my $n = $r->{to} - $r->{from};
	next if $r->{name} =~ /^\[v/ || $n > 1 << 28;
	sysseek $mem, $r->{from}, 0 or die "seek: $!";
	next unless defined sysread $mem, my $bytes, $n;
	my $where = grep({$r->{flags} !~ / $_ /} split / /, $ENV{FLAGS}) ? 'elsewhere' : 'locked';
	for (my $at = 0; ($at = index $bytes, $needle, $at) >= 0; $at++) {
		$seen{$where}++;
		$seed = unpack 'H*', substr $bytes, $at - 32, 32 if $where eq 'locked' && $at >= 32;
	}
	$read += length $bytes;
}
$read > 1 << 20 or die "only $read bytes could be read";
if ($what eq 'public') { print "$seed\n"; exit !$seed }
printf "locked %d\nelsewhere %d\n", $seen{locked} // 0, $seen{elsewhere} // 0;
EOP
memory() { perl memory.pl $(hs_pid handseald) "$@"; }
# The public key of the last session, in hex, from its grant in the log.
public='
	use MIME::Base64;
	while (<>) { $g = decode_base64($1) if /"event":"touch".*"grant":"([^"]*)"/ }
	my @f = unpack "N/a* N/a* N/a*", $g;
	print unpack("H*", $f[2]), "\n";'
# opens a session; its public key in $pub, its seed in $seed
open_() {
	agentctl open scope $1 >out && grep "^opened" out && pub=$(perl -e "$public" "$log") &&
		test ${#pub} = 64 && seed=$(memory public $pub) && test ${#seed} = 64
}
held() { memory seed $seed >found && grep -x "locked 1" found && grep -x "elsewhere 0" found; }
nowhere() { memory seed $seed >found && grep -x "locked 0" found && grep -x "elsewhere 0" found; }
FLAGS='lo dd' # locked, not dumped
export FLAGS
# A sanitizer locks nothing, and keeps what was on a stack or was freed for a while: less can be seen with it.
if grep -q -a libasan "$HS_BIN/handseald"; then
	FLAGS=dd
	held() { memory seed $seed >found && grep -x "locked 1" found; }
	nowhere() { memory seed $seed >found && grep -x "locked 0" found; }
fi

test_expect_success 'a key, a daemon' '
	hs_softkey_start blue && hs_softkey blue auto on && hs_handseald_start &&
	handseal enroll --device softkey:$HS_TMP/blue.sock --name blue
'
test_expect_success 'rule8: the session key is in locked memory, left out of cores, once, and nowhere else' '
	open_ 600 && held && memory seed $pub >found && ! grep -x "elsewhere 0" found # that can be seen
'
test_expect_success 'rule8: nor is it after it has signed, or was asked about' '
	agentctl many scope 50 >out && agentctl list >out && agentctl status >out && held
'
test_expect_success 'rule8: no log holds it' '
	raw=$(perl -MMIME::Base64 -e "print encode_base64(pack(qq(H*), shift), qq())" $seed) &&
	for s in $seed "$raw"; do
		! grep -r -l -i -F -e "$s" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$HS_TMP/handseald.log" || return 1
	done
'
test_expect_success 'rule8: closed, it is gone' 'agentctl close && nowhere'
test_expect_success 'rule8: at its end, it is gone' '
	open_ 6 && hs_wait_for "agentctl status | grep -q -x \"open 0\"" 20 && nowhere
'
test_expect_success 'rule8: two sessions have two keys' '
	first=$seed && open_ 600 && test $seed != $first && held && agentctl close && nowhere
'
hs_done
