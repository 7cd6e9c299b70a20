# The PMML that to_pmml writes, read by a reader of its own that knows PMML and
# nothing of cards: its structure is that of PMML 4.4, and its scores, PDs and
# reasons are those of score(), pd() and explain().
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# ---------- XML ----------

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");

sub unescape
{
	my ($text) = @_;
	die 'a bare &' if $text =~ /&(?!#\d+;|\w+;)/;
	$text =~ s/&(?:#(\d+)|(\w+));/defined $1 ? chr $1 : $entity{$2} \/\/ die "entity $2"/ge;
	return $text;
}

# Elements are { name, of => attributes, in => children, text }.
sub parse
{
	my ($xml) = @_;
	my @open = ({ name => 'document', in => [] });
	while ($xml =~ /\G(?:<(\/?)([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>|([^<]+))/gc)
	{
		my ($closes, $name, $attributes, $empty, $text) = ($1, $2, $3, $4, $5);
		if (defined $text)
		{
			$open[-1]{text} .= unescape($text);
		}
		elsif ($closes)
		{
			die "</$name> closes <$open[-1]{name}>" if pop(@open)->{name} ne $name;
		}
		else
		{
			my %element = (name => $name, of => {}, in => [], text => '');
			while ($attributes =~ /([\w:]+)="([^"]*)"/g)
			{
				die "$1 twice" if exists $element{of}{$1};
				my ($key, $value) = ($1, $2);
				# A reader turns these into blanks; what is escaped stays.
				$value =~ tr/\t\r\n/ /;
				$element{of}{$key} = unescape($value);
			}
			push @{ $open[-1]{in} }, \%element;
			push @open, \%element unless $empty;
		}
	}
	die 'not XML: ' . substr($xml, pos($xml) // 0, 60) if (pos($xml) // 0) < length $xml || @open > 1;
	return $open[0]{in}[0];
}

sub children
{
	my ($element, $name) = @_;
	return grep { $_->{name} eq $name } @{ $element->{in} };
}

# ---------- the structure of PMML 4.4 ----------

# What an element holds, in this order; attributes it must have, may have.
my $predicate = '(?:SimplePredicate |CompoundPredicate |SimpleSetPredicate |True |False )';
my $expression = '(?:Constant |FieldRef |Apply )';
my %schema = (
	PMML => [ 'Header (?:MiningBuildTask )?DataDictionary (?:TransformationDictionary )?Scorecard ', 'version xmlns', '' ],
	Header => [ '(?:Extension )*(?:Application )?(?:Annotation )*(?:Timestamp )?', '', 'copyright description modelVersion' ],
	Application => [ '(?:Extension )*', 'name', 'version' ],
	DataDictionary => [ '(?:Extension )*(?:DataField )+(?:Taxonomy )*', '', 'numberOfFields' ],
	DataField => [ '(?:Extension )*(?:Interval )*(?:Value )*', 'name optype dataType', 'displayName taxonomy isCyclic' ],
	Interval => [ '(?:Extension )*', 'closure', 'leftMargin rightMargin' ],
	Value => [ '(?:Extension )*', 'value', 'displayValue property' ],
	Scorecard => [
		'(?:Extension )*MiningSchema (?:Output )?(?:ModelStats )?(?:ModelExplanation )?(?:Targets )?(?:LocalTransformations )?Characteristics (?:ModelVerification )?(?:Extension )*',
		'functionName', 'modelName algorithmName initialScore useReasonCodes reasonCodeAlgorithm baselineScore baselineMethod isScorable'
	],
	MiningSchema => [ '(?:Extension )*(?:MiningField )+', '', '' ],
	MiningField => [
		'(?:Extension )*', 'name',
		'usageType optype importance outliers lowValue highValue missingValueReplacement missingValueTreatment invalidValueTreatment invalidValueReplacement'
	],
	Output => [ '(?:Extension )*(?:OutputField )+', '', '' ],
	OutputField => [ "(?:Extension )*$expression?(?:Value )*", 'name dataType', 'displayName optype targetField feature value rank isFinalResult' ],
	Apply => [ "(?:Extension )*$expression*", 'function', 'mapMissingTo defaultValue invalidValueTreatment' ],
	FieldRef => [ '(?:Extension )*', 'field', 'mapMissingTo' ],
	Constant => [ '', '', 'dataType missing' ],
	Characteristics => [ '(?:Extension )*(?:Characteristic )+', '', '' ],
	Characteristic => [ '(?:Extension )*(?:Attribute )+', '', 'name reasonCode baselineScore' ],
	Attribute => [ "(?:Extension )*$predicate(?:ComplexPartialScore )?", '', 'reasonCode partialScore' ],
	ComplexPartialScore => [ "(?:Extension )*$expression", '', '' ],
	SimplePredicate => [ '(?:Extension )*', 'field operator', 'value' ],
	CompoundPredicate => [ "(?:Extension )*(?:$predicate){2,}", 'booleanOperator', '' ],
	True => [ '(?:Extension )*', '', '' ],
	Extension => [ '.*', '', 'extender name value' ]);
my %words = (
	optype => 'categorical|ordinal|continuous', dataType => 'string|integer|float|double|boolean', closure => 'openClosed|openOpen|closedOpen|closedClosed',
	property => 'valid|invalid|missing', functionName => 'regression', usageType => 'active|predicted|target|supplementary',
	invalidValueTreatment => 'returnInvalid|asIs|asMissing|asValue', reasonCodeAlgorithm => 'pointsAbove|pointsBelow', baselineMethod => 'max|min|mean|neutral|other',
	operator => 'equal|notEqual|lessThan|lessOrEqual|greaterThan|greaterOrEqual|isMissing|isNotMissing', booleanOperator => 'or|and|xor|surrogate',
	feature => 'predictedValue|transformedValue|reasonCode', useReasonCodes => 'true|false|1|0', isFinalResult => 'true|false|1|0', version => '4\.4', xmlns => 'http://www\.dmg\.org/PMML-4_4');
my $number = qr/^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/;
$words{$_} = $number for qw(initialScore partialScore baselineScore leftMargin rightMargin rank numberOfFields);

# What is wrong with the element and all in it.
sub faults
{
	my ($element) = @_;
	my ($name, $of) = @$element{qw(name of)};
	my $rule = $schema{$name} or return "<$name> is unknown";
	my ($content, $must, $may) = @$rule;
	my @faults = map { "<$name> lacks $_" } grep { !exists $of->{$_} } split / /, $must;
	push @faults, map { "<$name> has $_" } grep { my $key = $_; !grep { $_ eq $key } split / /, "$must $may" } sort keys %$of;
	push @faults, map { "$_=\"$of->{$_}\"" } grep { exists $words{$_} && $of->{$_} !~ /^(?:$words{$_})$/ } sort keys %$of;
	my $within = join '', map { "$_->{name} " } @{ $element->{in} };
	push @faults, "<$name> holds $within" if $within !~ /^(?:$content)$/;
	push @faults, "<$name> holds text" if $element->{text} =~ /\S/ && $name ne 'Constant';
	push @faults, "a test without a value" if $name eq 'SimplePredicate' && exists $of->{value} == $of->{operator} =~ /Missing/;
	return @faults, map { faults($_) } @{ $element->{in} };
}

sub fields_tested
{
	my ($element) = @_;
	return $element->{of}{field} // (), map { fields_tested($_) } @{ $element->{in} };
}

# Rules that the schema cannot say.
sub disagreements
{
	my ($pmml) = @_;
	my ($dictionary) = children($pmml, 'DataDictionary');
	my ($card) = children($pmml, 'Scorecard');
	my ($schema) = children($card, 'MiningSchema');
	my ($output) = children($card, 'Output');
	my ($characteristics) = children($card, 'Characteristics');
	my %field;
	my @faults;

	$field{ $_->{of}{name} }++ for children($dictionary, 'DataField'), children($output, 'OutputField');
	push @faults, map { "two fields $_" } grep { $field{$_} > 1 } sort keys %field;
	push @faults, 'numberOfFields' if $dictionary->{of}{numberOfFields} != children($dictionary, 'DataField');
	my %mined = map { $_->{of}{name} => 1 } children($schema, 'MiningField');
	push @faults, "mined fields" if join('|', sort keys %mined) ne join('|', sort map { $_->{of}{name} } children($dictionary, 'DataField'));
	for my $characteristic (children($characteristics, 'Characteristic'))
	{
		my %tested = map { $_ => 1 } map { fields_tested($_) } children($characteristic, 'Attribute');
		push @faults, 'a characteristic of several fields' if keys %tested != 1;
		push @faults, 'a characteristic of an unknown field' if grep { !$mined{$_} } keys %tested;
		push @faults, 'no reason code' if !defined $characteristic->{of}{reasonCode} || !defined $characteristic->{of}{baselineScore};
	}
	push @faults, 'an unknown field' if grep { !$field{$_} } map { fields_tested($_) } children($output, 'OutputField');
	return @faults;
}

# ---------- scoring ----------

# A value as the dictionary takes it: undef is missing, and dies where invalid.
sub take
{
	my ($field, $value) = @_;
	my @values = children($field, 'Value');
	my @intervals = children($field, 'Interval');
	return undef if !defined $value;
	return undef if grep { ($_->{of}{property} // 'valid') eq 'missing' && $_->{of}{value} eq $value } @values;
	my @valid = grep { ($_->{of}{property} // 'valid') eq 'valid' } @values;
	if (@valid)
	{
		die "invalid\n" unless grep { $_->{of}{value} eq $value } @valid;
	}
	if (@intervals)
	{
		die "invalid\n" unless grep { $value >= $_->{of}{leftMargin} && $value <= $_->{of}{rightMargin} } @intervals;
	}
	return $field->{of}{dataType} eq 'double' ? $value + 0 : $value;
}

# True, false, or undef for unknown.
sub holds
{
	my ($predicate, $row, $numbers) = @_;
	my $of = $predicate->{of};
	return 1 if $predicate->{name} eq 'True';
	if ($predicate->{name} eq 'CompoundPredicate')
	{
		my @inner = map { holds($_, $row, $numbers) } @{ $predicate->{in} };
		my $decisive = $of->{booleanOperator} eq 'or' ? 1 : 0;
		return $decisive if grep { defined && $_ == $decisive } @inner;
		return (grep { !defined } @inner) ? undef : 1 - $decisive;
	}
	my $value = $row->{ $of->{field} };
	return defined $value ? 0 : 1 if $of->{operator} eq 'isMissing';
	return undef if !defined $value;
	return ($numbers->{ $of->{field} } ? $value == $of->{value} : $value eq $of->{value}) ? 1 : 0 if $of->{operator} eq 'equal';
	return $value < $of->{value} ? 1 : 0 if $of->{operator} eq 'lessThan';
	return $value >= $of->{value} ? 1 : 0 if $of->{operator} eq 'greaterOrEqual';
	die "operator $of->{operator}";
}

my %function = (
	'+' => sub { $_[0] + $_[1] }, '-' => sub { $_[0] - $_[1] }, '*' => sub { $_[0] * $_[1] }, '/' => sub { $_[0] / $_[1] }, exp => sub { exp $_[0] },
	min => sub { $_[0] < $_[1] ? $_[0] : $_[1] }, max => sub { $_[0] > $_[1] ? $_[0] : $_[1] }, or => sub { (grep { $_ } @_) ? 1 : 0 });

sub value_of
{
	my ($expression, $row) = @_;
	return $expression->{text} + 0 if $expression->{name} eq 'Constant';
	return $row->{ $expression->{of}{field} } if $expression->{name} eq 'FieldRef';
	my $function = $expression->{of}{function};
	my @arguments = map { value_of($_, $row) } @{ $expression->{in} };
	return defined $arguments[0] ? 1 : 0 if $function eq 'isNotMissing';
	return $arguments[0] ? $arguments[1] : $arguments[2] if $function eq 'if';
	return undef if grep { !defined } @arguments;
	return ($function{$function} // die "function $function")->(@arguments);
}

# The outputs for a row; dies with "invalid" as a consumer returns an invalid result.
sub evaluate
{
	my ($pmml, $input) = @_;
	my ($dictionary) = children($pmml, 'DataDictionary');
	my ($card) = children($pmml, 'Scorecard');
	my ($output) = children($card, 'Output');
	my ($characteristics) = children($card, 'Characteristics');
	my %numbers = map { $_->{of}{name} => 1 } grep { $_->{of}{dataType} eq 'double' } children($dictionary, 'DataField');
	my %row = map { $_->{of}{name} => take($_, $input->{ $_->{of}{name} }) } children($dictionary, 'DataField');
	my $score = $card->{of}{initialScore};
	my (@lost, %result);

	for my $characteristic (children($characteristics, 'Characteristic'))
	{
		my ($first) = grep { holds($_->{in}[0], \%row, \%numbers) } children($characteristic, 'Attribute');
		die "no attribute of $characteristic->{of}{name} holds" if !$first;
		my ($complex) = children($first, 'ComplexPartialScore');
		my $points = $complex ? value_of($complex->{in}[0], \%row) : $first->{of}{partialScore};
		$score += $points;
		push @lost, [ $characteristic->{of}{reasonCode}, $characteristic->{of}{baselineScore} - $points, scalar @lost ];
	}
	@lost = sort { $b->[1] <=> $a->[1] || $a->[2] <=> $b->[2] } @lost;
	for my $field (children($output, 'OutputField'))
	{
		my $of = $field->{of};
		$row{ $of->{name} } = $result{ $of->{name} } =
			$of->{feature} eq 'predictedValue' ? $score
		  : $of->{feature} eq 'reasonCode' ? $lost[ $of->{rank} - 1 ][0]
		  : value_of($field->{in}[0], \%row);
	}
	$result{lost} = { map { $_->[0] => $_->[1] } @lost };
	return \%result;
}

# ---------- cards and rows ----------

my $node = PostgreSQL::Test::Cluster->new('pmml');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION agririsk CASCADE; ALTER DATABASE postgres SET search_path = agririsk, public; ALTER DATABASE postgres SET client_min_messages = warning');

# What score() says of every row of a table, an error as "error", with the row as text.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;
CREATE FUNCTION judge(card scorecard, t record, segment text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_build_object('score', score(card, t, segment), 'pd', pd(card, t, segment),
		'reasons', (SELECT jsonb_agg(feature ORDER BY rank) FROM explain(card, t, segment) WHERE rank <= 4));
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN '"error"';
END $$;
CREATE FUNCTION judged(card scorecard, segment text, of regclass) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
BEGIN
	EXECUTE format('SELECT jsonb_agg(jsonb_build_array((SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t))), judge($1, t, $2))) FROM %s t', of) INTO result USING card, segment;
	RETURN result;
END $$;
SQL

# Compares document and card over a table; returns counts of what was compared.
sub compare
{
	my ($card, $segment, $table, $title) = @_;
	my ($document, $rows) = split /\x01/, $node->safe_psql('postgres', "SELECT to_pmml(card, $segment)::text || E'\\x01' || judged(card, $segment, '$table') FROM $card");
	utf8::decode($document);
	my $pmml = parse($document);
	my %n = (rows => 0, scored => 0, unscored => 0, invalid => 0, reasons => 0);
	my @wrong;

	is_deeply([ faults($pmml), disagreements($pmml) ], [], "$title: a document of PMML 4.4");
	my ($scorecard) = children($pmml, 'Scorecard');
	my %output = map { ($_->{of}{name} =~ s/_+$//r) => $_->{of}{name} } children((children($scorecard, 'Output'))[0], 'OutputField');
	for my $pair (@{ decode_json($rows) })
	{
		my ($row, $card_says) = @$pair;
		my $says = eval { evaluate($pmml, $row) };
		die $@ if $@ && $@ ne "invalid\n";
		$n{rows}++;
		if (!ref $card_says || !$says)
		{
			push @wrong, encode_json($row) if ref $card_says || $says;
			$n{invalid}++;
			next;
		}
		my ($score, $pd) = @$says{ @output{qw(score pd)} };
		if (!defined $card_says->{score} || !defined $score)
		{
			push @wrong, encode_json($row) if defined $card_says->{score} || defined $score || defined $pd;
			$n{unscored}++;
			next;
		}
		$n{scored}++;
		push @wrong, encode_json($row) . " $score $pd" if abs($score - $card_says->{score}) > 1e-9 || abs($pd - $card_says->{pd}) > 1e-12;
		# Points that round to a tie may come in another order.
		my $reasons = $card_says->{reasons} // [];
		for my $rank (1 .. @$reasons)
		{
			my ($own, $card_own) = ($says->{ $output{"reason_$rank"} }, $reasons->[ $rank - 1 ]);
			$n{reasons}++;
			push @wrong, encode_json($row) . " reason $rank" if $own ne $card_own && abs($says->{lost}{$own} - $says->{lost}{$card_own}) > 1e-9;
		}
	}
	is_deeply([ @wrong > 3 ? @wrong[ 0 .. 2 ] : @wrong ], [], "$title: scores, PDs and reasons of $n{rows} rows are the card's");
	return \%n;
}

# Every policy, special values, names and categories that XML has to escape,
# boundaries, NULL, NaN, infinities, unseen categories.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE random_card AS
SELECT k, jsonb_build_object('format', 1, 'name', '<random> & "' || k || '"', 'intercept', round((u(k) * 4 - 3)::numeric, 3), 'features',
	(SELECT jsonb_agg(jsonb_build_object('name', 'x<' || f || '> & "y"', 'type', 'number', 'weight', round((u(k, f, 77) * 3 - 1)::numeric, 2), 'reason', 'because of ' || f,
		'bins', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('high', CASE WHEN b < n THEN -2 + 4.0::float8 * b / n END)) || jsonb_build_object('woe', u(k, f, b) - 0.5) ORDER BY b)
				   FROM generate_series(1, n) b))
		|| CASE (k + f) % 5 WHEN 0 THEN '{"missing": {"woe": 0.3}}' WHEN 1 THEN '{"missing": "worst"}' WHEN 2 THEN '{"missing": "best"}' WHEN 3 THEN '{"missing": "neutral"}' ELSE '{}' END::jsonb
		|| CASE WHEN f % 2 = 0 THEN '{"special": [{"values": [-1, 0.5], "woe": 0.9}, {"values": [1], "woe": -1.1}]}' ELSE '{}' END::jsonb ORDER BY f)
	   FROM generate_series(1, 5) f, LATERAL (SELECT 1 + (u(k, f) * 20)::int AS n) s)
	|| jsonb_build_array(jsonb_build_object('name', 'age & "more"', 'type', 'linear', 'weight', u(k, 55) * 0.2 - 0.1, 'center', 40 * (k % 2), 'low', 18, 'high', 75, 'missing', (ARRAY['{"woe": 3.5}', '"neutral"'])[1 + k % 2]::jsonb))
	|| jsonb_build_array(
	  jsonb_build_object('name', 'score', 'type', 'category', 'weight', u(k, 7) - 0.5, 'unseen', (ARRAY['worst', 'average'])[1 + k % 2], 'missing', (ARRAY['worst', 'best', 'neutral'])[1 + k % 3],
		'bins', jsonb_build_array(jsonb_build_object('categories', jsonb_build_array('rice', E'a\tb\r\nc <&> "d" ''e'' \\ é'), 'woe', 0.4), jsonb_build_object('categories', jsonb_build_array('', ' two  blanks '), 'woe', -0.7))),
	  jsonb_build_object('name', 'strict', 'type', 'category', 'unseen', 'error', 'bins', '[{"categories": ["x", "z"], "woe": 0.11}, {"categories": ["y"], "woe": -0.13}]'::jsonb)),
	'segments', '[{"name": "s", "intercept": -0.3, "weights": {"score": -0.9, "age & \"more\"": 0.07, "x<1> & \"y\"": -1.25}}]'::jsonb)::scorecard AS card
  FROM generate_series(1, 6) k;
CREATE TABLE applicant AS
SELECT CASE WHEN i % 11 > 0 THEN u(i, 1) * 5 - 2.5 END AS "x<1> & ""y""", CASE WHEN i % 6 > 0 THEN (i % 17) / 4.0 - 2 END AS "x<2> & ""y""",
	   CASE WHEN i % 13 = 0 THEN 'NaN' ELSE u(i, 3) * 5 - 2.5 END AS "x<3> & ""y""", CASE WHEN i % 101 = 0 THEN '-Infinity' WHEN i % 103 = 0 THEN 'Infinity' ELSE u(i, 4) * 5 - 2.5 END AS "x<4> & ""y""",
	   CASE WHEN i % 9 = 0 THEN 'NaN' WHEN i % 4 > 0 THEN -2 + 4.0::float8 * (i % 21) / 21 END AS "x<5> & ""y""",
	   (ARRAY['rice', E'a\tb\r\nc <&> "d" ''e'' \\ é', ' two  blanks ', '', 'two blanks', NULL])[1 + i % 6] AS score, (ARRAY['x', 'y', 'z', NULL, 'x', 'y', 'z', CASE WHEN i % 5 = 0 THEN 'w' END])[1 + i % 8] AS strict,
	   CASE WHEN i % 107 = 0 THEN 1.1e280 WHEN i % 6 > 0 THEN u(i, 9) * 80 + 10 END AS "age & ""more"""
  FROM generate_series(1, 700) i
UNION ALL SELECT NULL, NULL, 'NaN', NULL, 'NaN', NULL, NULL, NULL;
SQL
my %n;
for my $k (1 .. 6)
{
	for my $segment ('NULL', q('s'))
	{
		my $of = compare("(SELECT card FROM random_card WHERE k = $k) c", $segment, 'applicant', "random card $k in $segment");
		$n{$_} += $of->{$_} for keys %$of;
	}
}
is($n{rows}, 12 * 701, 'every row was scored');
cmp_ok($n{scored}, '>', 12 * 600, 'most of them to a number');
is($n{unscored}, 12, 'the empty one to none');
cmp_ok($n{invalid}, '>=', 12 * 16, 'what is an error in score() is invalid in PMML');
cmp_ok($n{reasons}, '>', 12 * 1800, 'reasons were compared');

# A card of one feature, so far out that its PD has to be kept inside (0, 1).
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE far_card AS SELECT '{"format": 1, "name": "far", "intercept": 0, "features": [{"name": "pd", "type": "number", "missing": "worst", "bins": [{"high": 0, "woe": -1e3}, {"high": 1, "woe": 0.5}, {"woe": 40}]}]}'::scorecard AS card;
CREATE TABLE far AS SELECT unnest(ARRAY[-1, 0, 1, NULL])::float8 AS pd;
SQL
compare('far_card', 'NULL', 'far', 'a card of one feature');

# ---------- the German credit card ----------

SKIP:
{
	my $shared = $ENV{AGRIRISK_SHARED};
	skip 'AGRIRISK_SHARED is not set: no reference card and rows', 4 if !$shared;
	$node->safe_psql('postgres', <<"SQL");
CREATE TABLE german (status_of_existing_checking_account text, duration_in_month int, credit_history text, purpose text,
  credit_amount int, savings_account_and_bonds text, present_employment_since text, installment_rate text, personal_status_and_sex text,
  other_debtors_or_guarantors text, present_residence_since text, property text, age_in_years int, other_installment_plans text,
  housing text, number_of_existing_credits text, job text, number_of_people text, telephone text, foreign_worker text, creditability text,
  id int GENERATED ALWAYS AS IDENTITY);
DO \$\$ BEGIN EXECUTE format('COPY german (%s) FROM %L (FORMAT csv, HEADER)', (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
  WHERE attrelid = 'german'::regclass AND attnum > 0 AND attname <> 'id'), '$shared/data/credit/germancredit.csv'); END \$\$;
CREATE TABLE german_card AS
SELECT jsonb_build_object('format', 1, 'name', 'german', 'intercept', g -> 'coef' -> 'const', 'features', (
	SELECT jsonb_agg(jsonb_build_object('name', c.key, 'weight', c.value,
		'type', CASE WHEN breaks IS NULL THEN 'category' ELSE 'number' END,
		'bins', (SELECT jsonb_agg(CASE WHEN breaks IS NULL
			THEN jsonb_build_object('categories', jsonb_build_array(b.bin ->> 'bin'), 'woe', b.bin -> 'woe')
			ELSE jsonb_strip_nulls(jsonb_build_object('high', breaks -> (b.i::int - 1)))
			  || jsonb_build_object('woe', b.bin -> 'woe') END ORDER BY b.i)
		  FROM (SELECT bin, i FROM jsonb_array_elements(g -> 'points' -> c.key) WITH ORDINALITY e (bin, i)) b)) ORDER BY c.key)
	  FROM jsonb_each(g -> 'coef') c, LATERAL (SELECT w -> 'variables' -> c.key -> 'breaks' AS breaks) v
	 WHERE c.key <> 'const'))::scorecard AS card
  FROM (SELECT pg_read_file('$shared/golden/credit/german_scorecard.json')::jsonb AS g,
			   pg_read_file('$shared/golden/credit/german_woe_iv.json')::jsonb AS w) s;
SQL
	my $of = compare('german_card', 'NULL', 'german', 'the German card');
	is($of->{scored}, 1000, 'all 1,000 loans are scored');
	# The reference itself, without score() between.
	my $pmml = parse($node->safe_psql('postgres', 'SELECT to_pmml(card) FROM german_card'));
	my @rows = @{ decode_json($node->safe_psql('postgres', "SELECT judged(card, NULL, 'german') FROM german_card")) };
	my %reference = map { (split /,/)[ 0, 4 ] } grep { /^\d/ } split /\n/, slurp_file("$shared/golden/credit/german_scorecard_rows.csv");
	is(scalar(grep { abs(evaluate($pmml, $_->[0])->{score} - $reference{ $_->[0]{id} }) <= 1e-8 } @rows), 1000, 'and as the reference says');
}

$node->stop;
done_testing();
