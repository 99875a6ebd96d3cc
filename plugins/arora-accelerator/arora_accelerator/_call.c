/* A typed call of a guest's function, without Python between the encoded argument and the encoded result.

   It does what CallStack.entrance and TypedCall of arora_core do for the outermost call of an engine, in the same order.
   Whatever is unusual is left to them: another call that is running, host code, a module that has to be restarted, an
   argument that does not fit, an answer that is not one buffer. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "call.h"
#include "exceptions.h"
#include "running_calls.h"

#if defined(_MSC_VER)
#define PER_THREAD __declspec(thread)
#else
#define PER_THREAD _Thread_local
#endif

static PyObject *held_name;
static PyObject *levels_name;

/* Whether the outermost call of this thread fits into its stack: once arora_core has found out, that does not change. */
static PER_THREAD int is_roomy;

/* Returns 1 or 0 for the truth of an attribute, -1 for an error. */
static int is_true(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    if (value == NULL) {
        return -1;
    }
    int truth = PyObject_IsTrue(value);
    Py_DECREF(value);
    return truth;
}

/* Whether there is an entry, of a guest that has not been closed. */
static int is_open(const Call *self)
{
    return self->entry.open != NULL && PyList_GET_SIZE(self->entry.open) != 0;
}

/* Whether nothing is running, and the guest can be entered at once. */
static int is_usual(const Call *self)
{
    return PyList_GET_SIZE(self->running) == 0 && PyList_GET_SIZE(self->hosting) == 0 && is_open(self) &&
           PyList_GET_SIZE(self->entry.carried) == 0 && PyList_GET_SIZE(self->entry.unsettled) == 0;
}

/* Whether the guest can be entered now that the lock is held: 1, 0, or -1 for an error. */
static int may_enter(Call *self, Py_ssize_t size)
{
    /* Compared here: the entry may be another one than before. */
    if (!is_usual(self) || size > self->entry.argument_size) {
        return 0;
    }
    int held = is_true(self->module, held_name);
    if (held != 0) {
        return held < 0 ? -1 : 0;
    }
    if (!is_roomy) {
        is_roomy = is_true(self->thread, levels_name);
        if (is_roomy <= 0) {
            int failed = is_roomy;
            is_roomy = 0;
            return failed;
        }
    }
    if (self->entry.before != Py_None) {
        PyObject *nothing = PyObject_CallNoArgs(self->entry.before);
        if (nothing == NULL) {
            return -1;
        }
        Py_DECREF(nothing);
        /* It was Python code, in which a signal's handler may have done anything. */
        return is_usual(self) && size <= self->entry.argument_size;
    }
    return 1;
}

/* Returns the result of a guest that has been entered, NULL with an exception where it failed. */
static PyObject *outcome(const Entry *entry, void *error)
{
    int64_t size = entry->values[0];
    if (error == NULL && *entry->trap == NULL && PyList_GET_SIZE(entry->carried) == 0 && size > 0 &&
        size <= entry->answer_size) {
        return PyBytes_FromStringAndSize(entry->answer, (Py_ssize_t)size);
    }
    PyObject *address = PyLong_FromVoidPtr(error);
    PyObject *result = address == NULL ? NULL : PyObject_CallOneArg(entry->settle, address);
    Py_XDECREF(address);
    return result;
}

/* Tells arora_core of the exception of a call. What that raises takes its place. */
static void report(Call *self)
{
    PyObject *exception = take_exception();
    PyObject *reported = PyObject_CallOneArg(self->fail, exception);
    if (reported == NULL) {
        Py_DECREF(exception);
        return;
    }
    Py_DECREF(reported);
    give_exception(exception);
}

/* Calls the guest, with the lock held and the argument known to fit. */
static PyObject *exchange(Call *self, PyObject *argument)
{
    if (begin(self->running, self->module) < 0) {
        return NULL;
    }
    /* A copy, because another thread may give the call another entry meanwhile. The addresses stay valid: a module is
       closed or replaced only while nothing is running. */
    Entry entry = self->entry;
    Py_INCREF(entry.carried);
    Py_INCREF(entry.settle);
    memcpy(entry.argument, PyBytes_AS_STRING(argument), (size_t)PyBytes_GET_SIZE(argument));
    void *error;
    Py_BEGIN_ALLOW_THREADS
    error = entry.enter(entry.context, entry.function, entry.values, entry.count, entry.trap);
    Py_END_ALLOW_THREADS
    PyObject *result = outcome(&entry, error);
    if (result == NULL) {
        report(self);
    }
    Py_DECREF(entry.carried);
    Py_DECREF(entry.settle);
    return result;
}

/* Releases what `enter` took. An exception that is set stays set. */
static void leave(Call *self)
{
    PyObject *exception = PyErr_Occurred() == NULL ? NULL : take_exception();
    PyObject *released = PyObject_CallNoArgs(self->release);
    if (released == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(released);
    if (exception != NULL) {
        give_exception(exception);
    }
}

/* Returns the result buffer; NULL without an exception where the call has to be made in Python. */
static PyObject *run(Call *self, PyObject *argument)
{
    PyObject *acquired = PyObject_CallNoArgs(self->acquire);
    if (acquired == NULL) {
        return NULL;
    }
    Py_DECREF(acquired);
    PyObject *result = NULL;
    if (may_enter(self, PyBytes_GET_SIZE(argument)) == 1) {
        result = exchange(self, argument);
        end(self->running);
    }
    leave(self);
    return result;
}

/* Calls a function with an exception that was raised, and another object. Takes no other exceptions than Exception. */
static PyObject *pass_on(PyObject *function, PyObject *other)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return NULL;
    }
    PyObject *exception = take_exception();
    PyObject *result = PyObject_CallFunctionObjArgs(function, exception, other, NULL);
    Py_DECREF(exception);
    return result;
}

static PyObject *unencoded(Call *self, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *given = PyTuple_New(count);
    if (given == NULL) {
        return NULL;
    }
    for (Py_ssize_t index = 0; index < count; index++) {
        Py_INCREF(arguments[index]);
        PyTuple_SET_ITEM(given, index, arguments[index]);
    }
    PyObject *result = pass_on(self->unencoded, given);
    Py_DECREF(given);
    return result;
}

static PyObject *call(PyObject *object, PyObject *const *arguments, size_t flagged, PyObject *names)
{
    Call *self = (Call *)object;
    Py_ssize_t count = PyVectorcall_NARGS(flagged);
    if (names != NULL || count != self->parameters || !is_usual(self)) {
        int asks = !is_open(self) && self->postponed-- <= 0;
        return PyObject_Vectorcall(asks ? self->ask : self->any_call, arguments, flagged, names);
    }
    PyObject *argument = PyObject_Vectorcall(self->encode, arguments, (size_t)count, NULL);
    if (argument == NULL) {
        return unencoded(self, arguments, count);
    }
    PyObject *result = PyBytes_CheckExact(argument) ? run(self, argument) : NULL;
    if (result == NULL) {
        PyObject *resumed = PyErr_Occurred() ? NULL : PyObject_CallOneArg(self->resume, argument);
        Py_DECREF(argument);
        return resumed;
    }
    Py_DECREF(argument);
    PyObject *decoded = PyObject_CallOneArg(self->decode, result);
    if (decoded == NULL) {
        decoded = pass_on(self->undecoded, result);
    }
    Py_DECREF(result);
    return decoded;
}

static PyObject *Call_postpone(PyObject *object, PyObject *number)
{
    Py_ssize_t calls = PyLong_AsSsize_t(number);
    if (calls == -1 && PyErr_Occurred()) {
        return NULL;
    }
    ((Call *)object)->postponed = calls;
    Py_RETURN_NONE;
}

static PyObject *Call_bind(PyObject *object, PyObject *given, PyObject *named)
{
    static char *names[] = {"enter",    "context",       "function", "values",      "value_count", "trap",
                            "argument", "argument_size", "answer",   "answer_size", "open",  "carried",
                            "unsettled", "before",       "settle",   NULL};
    unsigned long long enter, context, function, values, trap, argument, answer;
    Entry entry;
    if (!PyArg_ParseTupleAndKeywords(given, named, "KKKKnKKnKnO!O!O!OO", names, &enter, &context, &function, &values,
                                     &entry.count, &trap, &argument, &entry.argument_size, &answer, &entry.answer_size,
                                     &PyList_Type, &entry.open, &PyList_Type, &entry.carried, &PyList_Type,
                                     &entry.unsettled, &entry.before, &entry.settle)) {
        return NULL;
    }
    entry.enter = (Enter)(uintptr_t)enter;
    entry.context = (void *)(uintptr_t)context;
    entry.function = (void *)(uintptr_t)function;
    entry.values = (int64_t *)(uintptr_t)values;
    entry.trap = (void **)(uintptr_t)trap;
    entry.argument = (char *)(uintptr_t)argument;
    entry.answer = (const char *)(uintptr_t)answer;
    Py_INCREF(entry.open);
    Py_INCREF(entry.carried);
    Py_INCREF(entry.unsettled);
    Py_INCREF(entry.before);
    Py_INCREF(entry.settle);
    Call *self = (Call *)object;
    Entry was = self->entry;
    self->entry = entry;
    release_entry(&was);
    self->postponed = 0;
    Py_RETURN_NONE;
}

static PyObject *Call_new(PyTypeObject *type, PyObject *given, PyObject *named)
{
    static char *names[] = {"parameters", "ask",  "any_call", "encode",  "decode",  "resume",  "unencoded", "undecoded",
                            "fail",       "acquire", "release", "running", "hosting", "module", "thread",   NULL};
    Call *self = (Call *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (!PyArg_ParseTupleAndKeywords(given, named, "nOOOOOOOOOOO!O!OO", names, &self->parameters, &self->ask,
                                     &self->any_call, &self->encode, &self->decode, &self->resume, &self->unencoded,
                                     &self->undecoded, &self->fail, &self->acquire, &self->release, &PyList_Type,
                                     &self->running, &PyList_Type, &self->hosting, &self->module, &self->thread)) {
        /* The references are borrowed still. */
        memset((char *)self + offsetof(Call, ask), 0, sizeof *self - offsetof(Call, ask));
        Py_DECREF(self);
        return NULL;
    }
    for (PyObject **each = &self->ask; each <= &self->thread; each++) {
        Py_INCREF(*each);
    }
    self->vectorcall = call;
    return (PyObject *)self;
}

static int Call_traverse(PyObject *object, visitproc visit, void *arg)
{
    Call *self = (Call *)object;
    Py_VISIT(Py_TYPE(object));
    for (PyObject **each = &self->ask; each <= &self->thread; each++) {
        Py_VISIT(*each);
    }
    Py_VISIT(self->entry.open);
    Py_VISIT(self->entry.carried);
    Py_VISIT(self->entry.unsettled);
    Py_VISIT(self->entry.before);
    Py_VISIT(self->entry.settle);
    return 0;
}

static int Call_clear(PyObject *object)
{
    Call *self = (Call *)object;
    Entry was = self->entry;
    memset(&self->entry, 0, sizeof self->entry);
    release_entry(&was);
    return 0;
}

static PyObject *Call_unbind(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Call_clear(object);
    Py_RETURN_NONE;
}

static void Call_dealloc(PyObject *object)
{
    Call *self = (Call *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Call_clear(object);
    for (PyObject **each = &self->ask; each <= &self->thread; each++) {
        Py_CLEAR(*each);
    }
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef methods[] = {
    {"bind", (PyCFunction)(void (*)(void))Call_bind, METH_VARARGS | METH_KEYWORDS,
     "Enter the guest here from now on, until it is closed. Takes the fields of a RawEntry by name."},
    {"unbind", Call_unbind, METH_NOARGS, "Ask for an entry again."},
    {"postpone", Call_postpone, METH_O, "Make so many calls with any_call before the next one with ask."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A call of one function of a guest: as any_call makes it, and faster."},
    {Py_tp_new, Call_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, Call_traverse},
    {Py_tp_clear, Call_clear},
    {Py_tp_dealloc, Call_dealloc},
    {Py_tp_members, members},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "arora_accelerator.Call",
    .basicsize = sizeof(Call),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = slots,
};

static int fill(PyObject *module)
{
    held_name = PyUnicode_InternFromString("held");
    levels_name = PyUnicode_InternFromString("levels");
    PyObject *type = PyType_FromSpec(&spec);
    if (held_name == NULL || levels_name == NULL || type == NULL || PyModule_AddObject(module, "Call", type) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, fill},
#ifdef Py_mod_gil
    /* An entry is replaced while other threads read it, and lists are changed without their locks. */
    {Py_mod_gil, Py_MOD_GIL_USED},
#endif
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "arora_accelerator._call",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__call(void)
{
    return PyModuleDef_Init(&definition);
}
