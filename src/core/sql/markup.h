/*
 * markup.h
 *		Text inside XML, HTML and SVG. Include postgres.h first.
 */
#ifndef AGRIRISK_MARKUP_H
#define AGRIRISK_MARKUP_H

#include "lib/stringinfo.h"

/* ` key="text"`; an error where the text has a character that XML cannot hold. */
extern void agr_append_attribute(StringInfo out, const char *key, const char *at, size_t length);

#endif							/* AGRIRISK_MARKUP_H */
