/* Where a guest is entered. */

#ifndef ARORA_ACCELERATOR_ENTRY_H
#define ARORA_ACCELERATOR_ENTRY_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>

typedef void *(*Enter)(void *context, void *function, void *values, size_t count, void **trap);

/* Where a guest is entered: arora_core.raw_entry.RawEntry. It is all NULL while the call has none. */
typedef struct {
    PyObject *open;      /* a list, not empty as long as the addresses are valid */
    PyObject *carried;   /* lists; where one is not empty, the guest has failed in a way that a plain call handles */
    PyObject *unsettled;
    PyObject *before;    /* a function to call first, or None */
    PyObject *settle;    /* takes the address of an error: returns an unusual result, or raises */
    Enter enter;
    void *context;
    void *function;
    int64_t *values;
    size_t count;
    void **trap;
    char *argument;
    Py_ssize_t argument_size;
    const char *answer;
    Py_ssize_t answer_size;
} Entry;

static inline void release_entry(Entry *entry)
{
    Py_XDECREF(entry->open);
    Py_XDECREF(entry->carried);
    Py_XDECREF(entry->unsettled);
    Py_XDECREF(entry->before);
    Py_XDECREF(entry->settle);
}

#endif
