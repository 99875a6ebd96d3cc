/* The list of running calls, changed as list.append() and list.clear() do, in less time. */

#ifndef ARORA_ACCELERATOR_RUNNING_CALLS_H
#define ARORA_ACCELERATOR_RUNNING_CALLS_H

#include <Python.h>

/* Appends the first item of a list. A list that end() has emptied needs no memory for it. */
static inline int begin(PyObject *list, PyObject *item)
{
    PyListObject *running = (PyListObject *)list;
    if (running->allocated == 0) {
        return PyList_Append(list, item);
    }
    Py_INCREF(item);
    running->ob_item[0] = item;
    Py_SET_SIZE(running, 1);
    return 0;
}

/* Empties a list, and keeps its memory: list.clear() and append() release and allocate it at every call. */
static inline void end(PyObject *list)
{
    PyListObject *running = (PyListObject *)list;
    while (Py_SIZE(running) > 0) {
        Py_ssize_t last = Py_SIZE(running) - 1;
        PyObject *item = running->ob_item[last];
        Py_SET_SIZE(running, last);
        Py_DECREF(item);
    }
}

#endif
