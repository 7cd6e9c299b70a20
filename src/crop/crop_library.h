/*
 * crop_library.h
 *		Type crop_library for the functions of this room. Include postgres.h first.
 */
#ifndef AGRIRISK_CROP_LIBRARY_H
#define AGRIRISK_CROP_LIBRARY_H

#include "core/sql/stored_type.h"
#include "crop/crop_library_math.h"

extern const StoredType crop_library_type;

/* Reads a value into the context; what is read points into the value. */
extern CropLibrary *crop_library_read(struct varlena *value, MemoryContext context);

/* Memory of the context, in pieces of any size. */
extern Arena crop_arena(MemoryContext context);

#endif							/* AGRIRISK_CROP_LIBRARY_H */
