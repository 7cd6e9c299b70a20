CREATE AGGREGATE @AGGREGATE@(@ARGUMENTS@) (
  SFUNC = _enum_outcome, STYPE = internal, SSPACE = 64, FINALFUNC = @FINAL@, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @AGGREGATE@(@ARGUMENTS@) IS
'An outcome of an enum type: always an error, which says how to name the word that means bad.';
