# SPDX-License-Identifier: ISC
#
# The part of hostile-agent that knows of seats: sockets of seats, and main sockets that list some. Its
# value is a hash of ways to answer. FILE holds what `request` is answered with (certificate, end, id as
# on the wire), FILE.shown the text that its touch was for. Not a program.
use strict;
use warnings;

my $vendor = '@handseal.alt';
my $session = '7c2e000000000000';
my $may = "max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1\nhost web2\nuser deploy\n";
my $gave = "max-ttl 900\nmax-uses 1\n\naddr 10.0.0.0/8\ncmd pg_dump -Fc web\nhost db1\nuser deploy\n";

# ---- lists of seats

# one seat: its serial, its parent's ('' for none), and what is not as usual
sub seat_item {
	my ($serial, $parent, %m) = @_;
	my $now = time;
	%m = (id => "$session.$serial", agent => 'claude', scope => $may, end => $now + 3 * 3600 + 41 * 60 + 30, used => 0,
	    left => ~0, last => 0, touched => 0, more => 0, revoked => 0, %m);
	$parent = "$session.$parent" if $parent =~ /^\d+$/;
	return str($m{id}) . str($parent) . str($m{agent}) . str($m{scope}) . u64($now - 100) . u64($m{end}) . u64($m{used})
	    . u64($m{left}) . u64($m{last}) . u64(4711) . chr($m{touched}) . chr($m{more}) . chr($m{revoked});
}
sub seat_page { my ($more, @items) = @_; return u64(time + 3600) . pack('N', scalar @items) . join('', @items) . chr($more) }
sub seat_usual {
	my $now = time;
	return (seat_item(3, '', used => 12, last => $now - 45),
	    seat_item(3, '', more => 1, touched => 1, scope => $gave, end => $now + 8 * 60 + 30, left => 1),
	    seat_item(9, 3, agent => 'tests', used => 3, left => 7, last => $now - 5 * 60 - 25, end => $now + 16 * 60 + 30));
}
sub seat_chain { my ($n) = @_; return map { seat_item($_, $_ == 1 ? '' : $_ - 1) } 1 .. $n }

sub seat_certs { return u64(time + 3600) . pack('N', 2) . item(1, "$session.3") . item(2) . chr(0) }

# a main socket whose seats are what $list->(after) says
sub tree {
	my ($list) = @_;
	return sub {
		my ($ext, $body) = @_;
		return seat_query(qw(open pending request list status close answer events policy seat why)) if $ext eq 'query';
		return reply($ext, 0, status_body('blue', '')) if $ext !~ /^list/;
		my (undef, $after, $seats) = fields('s81', $body);
		return reply($ext, 0, $list->($after)) if $seats;
		return reply($ext, 0, seat_certs());
	};
}
sub tree_of { my (@items) = @_; return tree(sub { return seat_page(0, @items) }) }

# ---- the socket of a seat

sub seat_query { return frame(chr(29) . str('query') . join('', map { str("$_$vendor") } @_)) }
sub seat_issued { my ($change) = @_; my %m; @m{qw(cert end id)} = fields('s8s', slurp()); $change->(\%m) if $change; return str($m{cert}) . u64($m{end}) . str($m{id}) }
sub seat_session { my (undef, undef, $id) = fields('s8s', slurp()); return $id =~ s/\..*//r }
sub seat_reasons {
	my (%m) = @_;
	%m = (time => 1700000000, code => 'user-outside-scope', sentence => 'the scope does not allow this user on this host',
	    remedy => 'ask for it', user => '', host => '', ns => '', fingerprint => '', %m);
	return u64($m{time}) . join('', map { str($m{$_}) } qw(code sentence remedy user host ns fingerprint));
}
sub seat_nothing { return u64(0) . str('') x 7 }

# one that does what is said here by name, the usual for the rest, and 5 for what a seat does not
sub seat {
	my (%does) = @_;
	%does = (list => sub { return (0, seat_page(0, seat_usual())) }, why => sub { return (0, seat_nothing()) },
	    status => sub { return (0, status_body('blue', $may, defined file() ? seat_session() : undef)) }, %does);
	return sub {
		my ($ext, $body) = @_;
		my $name = $ext =~ s/@.*//r;
		return seat_query(qw(pending request list status seat why)) if $ext eq 'query';
		return frame(chr(5)) unless $does{$name};
		# its key is the daemon's: none is sent, and no proof
		my (undef, undef, undef, $key, $proof) = $name eq 'request' ? fields('sssss', $body) : ();
		(undef, undef, $key, $proof) = fields('s4ss', $body) if $name eq 'pending';
		return frame(chr(28)) if length(($key // '') . ($proof // ''));
		return reply($ext, 0, seat_certs()) if $name eq 'list' && !(fields('s81', $body))[2];
		return reply($ext, $does{$name}->($body));
	};
}
# one whose `request` waits for a touch, and whose `pending` is answered so
sub seat_asks {
	my ($pending, $shown) = @_;
	return seat(request => sub { return (2, asked('4F7', $shown // (defined file() ? slurp(file() . '.shown') : "handseal 4F7: claude asks\n"), 30)) },
	    pending => sub { my (undef, $wait) = fields('s4', $_[0]); return $pending->($wait) });
}
sub seat_gives { my ($change) = @_; return seat(request => sub { return (0, seat_issued($change)) }) }
sub seat_why { my (%m) = @_; return seat(why => sub { return (0, seat_reasons(%m)) }) }
sub seat_told { my ($body) = @_; return seat(why => sub { return (0, $body) }) }

+{
	tree_usual => tree(sub { return seat_page(0, seat_usual()) }),
	tree_pages => tree(sub { return $_[0] == 0 ? seat_page(1, seat_item(1, '')) : $_[0] == 1 ? seat_page(1, seat_item(4, 1)) : seat_page(0, seat_item(6, 4)) }),
	tree_none => tree_of(),
	tree_orphan => tree_of(seat_item(5, 2), seat_item(6, 5), seat_item(7, '0123456789abcdef.5')),
	tree_deepest => tree_of(seat_chain(17)),
	tree_scope => tree_of(seat_item(1, '', scope => "nonsense\e[2J")),
	tree_odd => tree_of(seat_item(1, '', end => ~0, used => ~0, left => 5, last => ~0), seat_item(~0, '', end => 0, last => 1)),
	tree_deep => tree_of(seat_chain(18)),
	tree_self => tree_of(seat_item(1, 1)),
	tree_circle => tree_of(seat_item(1, 2), seat_item(2, 1)),
	tree_back => tree_of(seat_item(4, ''), seat_item(3, '')),
	tree_twice => tree_of(seat_item(4, ''), seat_item(4, '')),
	tree_part => tree_of(seat_item(4, ''), seat_item(5, '', more => 1)),
	tree_part_first => tree_of(seat_item(4, '', more => 1)),
	tree_part_page => tree(sub { return $_[0] == 0 ? seat_page(1, seat_item(4, '')) : seat_page(0, seat_item(4, '', more => 1)) }),
	tree_again => tree(sub { return seat_page(1, seat_item(4, '')) }),
	tree_empty => tree(sub { return seat_page(1) }),
	tree_count => tree(sub { return u64(2) . pack('N', 0xffffffff) . seat_item(1, '') . chr(0) }),
	tree_left => tree(sub { return seat_page(0, seat_item(1, '')) . 'x' }),
	tree_id => tree_of(seat_item(1, '', id => "7c2e\e[2J00000000.1")),
	tree_parent => tree_of(seat_item(2, "\e[2J.1")),
	tree_agent => tree_of(seat_item(1, '', agent => "cl\e[2J")),
	tree_bool => tree_of(seat_item(1, '', more => 2)),
	tree_long => tree_of(seat_item(1, '', scope => 'x' x 16385)),
	tree_many => tree(sub { return seat_page(1, map { seat_item($_, '', scope => '') } $_[0] + 1 .. $_[0] + 1000) }),
	tree_query => sub { return $_[0] eq 'query' ? frame(chr(29) . str('query') . "\0\0\0\x20abc") : reply($_[0], 0, '') },

	seat_usual => seat(),
	seat_closed => seat(status => sub { return (0, str('0.0') . str('') . u64(time) . "\0" . str('') . u64(0) x 2 . str('') x 2 . "\0\0" . str('') . u64(0) x 2 . pack('NN', 2, 1) . u64(0) . str('') x 2 . u64(7) . chr(1) . str('') x 2) }),
	seat_two => seat(list => sub { return (0, seat_page(0, seat_item(3, ''), seat_item(4, ''))) }),
	seat_spent => seat(list => sub { return (0, seat_page(0, seat_item(3, '', left => 0))) }),
	seat_ended => seat(list => sub { return (0, seat_page(0, seat_item(3, '', end => 1))) }),
	seat_unread => seat(list => sub { return (0, seat_page(0, seat_item(3, '', scope => 'x'))) }),
	seat_lists => seat(list => sub { return (0, seat_page(1, seat_item(3, 3))) }),
	seat_asked => seat_asks(sub { return (0, seat_issued()) }),
	seat_shown => seat_asks(sub { return (0, seat_issued()) }, "another text\n"),
	seat_waits => seat_asks(sub { sleep $_[0]; return (2, waiting('4F7', 4)) }),
	seat_declined => seat_asks(sub { return (1, str('touch-declined') . str('no') . str('ask for less')) }),
	seat_gone => seat_asks(sub { return (1, str('gone') . str('nobody answered') . str('')) }),
	seat_gives => seat_gives(),
	seat_end => seat_gives(sub { $_[0]{end} -= 1 }),
	seat_late => seat_gives(sub { $_[0]{end} += 1 << 20 }),
	seat_id => seat_gives(sub { $_[0]{id} =~ s/\d+$/9999/ }),
	seat_sig => seat_gives(sub { $_[0]{cert} = flip($_[0]{cert}, -1) }),
	seat_cut => seat_gives(sub { chop $_[0]{cert} }),
	seat_none => seat_gives(sub { $_[0]{cert} = '' }),
	seat_other => seat(request => sub { return (0, seat_issued()) }, status => sub { return (0, status_body('blue', '')) }),
	seat_refuses => seat(request => sub { return (1, str('escalation-off') . str('the policy lets nobody ask for more') . str('')) }),
	seat_why => seat_why(user => 'root', host => 'db1.example.com', fingerprint => 'SHA256:' . 'B' x 43),
	seat_why_user => seat_why(user => "ro ot\$(id)'"),
	seat_why_ns => seat_why(ns => 'git', code => 'outside-scope', sentence => 'the scope does not allow this', remedy => ''),
	seat_why_key => seat_why(user => 'deploy', code => 'host-outside-scope', fingerprint => 'SHA256:' . 'A' x 43),
	seat_why_little => seat_why(remedy => "a\nAsk for it:  rm"),
	seat_why_escapes => seat_why(map { $_ => "e\e[2J\nAsk for it:  rm" } qw(code sentence remedy user host fingerprint)),
	seat_why_codeless => seat_why(code => ''),
	seat_why_timeless => seat_why(time => 0),
	seat_why_left => seat_told(seat_nothing() . 'x'),
	seat_why_short => seat_told(u64(0)),
	seat_why_no => seat(why => sub { return (1, str('busy') . str('too much waits') . str('')) }),
}
