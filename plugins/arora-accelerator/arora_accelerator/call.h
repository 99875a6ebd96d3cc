/* The object that makes the calls of one function. */

#ifndef ARORA_ACCELERATOR_CALL_H
#define ARORA_ACCELERATOR_CALL_H

#include <Python.h>

#include "entry.h"

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    Py_ssize_t parameters;
    Py_ssize_t postponed; /* calls until it asks for an entry again */
    PyObject *ask;        /* makes a call and looks for an entry afterwards */
    PyObject *any_call;   /* makes a call in Python */
    PyObject *encode;
    PyObject *decode;
    PyObject *resume;     /* takes an argument buffer: makes the rest of the call in Python */
    PyObject *unencoded;  /* takes the error of encode, and the arguments */
    PyObject *undecoded;  /* takes the error of decode, and the result buffer */
    PyObject *fail;       /* takes the exception of a call */
    PyObject *acquire;
    PyObject *release;
    PyObject *running;
    PyObject *hosting;
    PyObject *module;
    PyObject *thread;
    Entry entry;
} Call;

#endif
