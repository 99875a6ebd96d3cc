// Calls of exported and imported functions, and of callables. A part of arora_glue.hpp.
#ifndef ARORA_GLUE_CALLS_HPP
#define ARORA_GLUE_CALLS_HPP

#include "dynamic.hpp"

namespace arora::glue {

// A function: its arguments and its results are the fields of two structures, in one C++ structure, the frame of a
// call.
struct Function {
    const char *name;
    Uuid module; // of an imported function
    Uuid id;
    Members arguments;
    Members results;
};

inline std::uint8_t *failed(const std::string &message) {
    bool text = arora_is_utf8(reinterpret_cast<const std::uint8_t *>(message.data()),
                              static_cast<std::uint32_t>(message.size()));
    if (!text) return arora_error("failed, with a message that is not UTF-8");
    return arora_error_string({message.data(), static_cast<std::uint32_t>(message.size())});
}

inline bool read_frame(Reading &in, const Members &members, const Uuid *id, const char *name, void *frame,
                       bool lenient) {
    if (!read_start(in, ARORA_STRUCTURE, id, name) || !members.read(in, frame, 1, lenient)) return false;
    (void)arora_reader_finish(&in.reader);
    return in.done();
}

// Write the arguments or the results of a call to a buffer, null when there is no memory left. Return whether they
// could be written.
inline bool write_frame(Writing &out, const Members &members, const Uuid &id, const void *frame,
                        std::uint8_t *&buffer) {
    out.start(ARORA_STRUCTURE, id);
    if (!members.write(out, frame, 1)) {
        arora_writer_abandon(&out.writer);
        return false;
    }
    buffer = arora_writer_finish(&out.writer);
    return true;
}

// Read the arguments of an exported function; return an error buffer, or null.
inline std::uint8_t *begin(const Function &function, const std::uint8_t *argument, void *frame) {
    Reading in = {arora_arguments(argument), {}};
    if (in.done() && read_frame(in, function.arguments, nullptr, function.name, frame, true)) return nullptr;
    return failed(in.mistake.text());
}

// Write the results of an exported function.
inline std::uint8_t *end(const Function &function, const void *frame) {
    Writing out = {arora_writer_begin(0), {}};
    std::uint8_t *buffer = nullptr;
    if (!write_frame(out, function.results, function.id, frame, buffer)) return failed(out.mistake.text());
    return buffer != nullptr ? buffer : arora_out_of_memory;
}

// The answer of the host, freed when it has been read.
struct Answer {
    std::uint8_t *buffer;

    explicit Answer(std::uint8_t *given) : buffer(given) {}
    Answer(const Answer &) = delete;
    Answer &operator=(const Answer &) = delete;
    ~Answer() { arora_buffer_free(buffer); }
};

// Call an imported function: write its arguments, and read its results. Return the failure, if there is one.
inline std::optional<Error> import(const Function &function, void *frame) {
    Writing out = {arora_writer_begin(0), {}};
    std::uint8_t *argument = nullptr;
    auto failure = [&](const Mistake &mistake) { return Error{function.name + (": " + mistake.text())}; };
    if (!write_frame(out, function.arguments, function.id, frame, argument)) return failure(out.mistake);
    Answer answer(arora_dispatch(&function.module, &function.id, argument));
    Reading in = {arora_answer_value(answer.buffer), {}};
    if (!in.done()) return Error{in.mistake.what};
    std::string result = std::string("the result of ") + function.name;
    if (read_frame(in, function.results, &function.id, result.c_str(), frame, false)) return std::nullopt;
    return failure(in.mistake);
}

} // namespace arora::glue

template <class T> arora::Result<T> arora::call(std::uint64_t callable) {
    glue::Answer answer(arora_dispatch_indirect(callable));
    glue::Reading in = {arora_answer_value(answer.buffer), {}};
    T value{};
    if (in.done() && glue::Codec<T>::read(in, value, 0)) {
        (void)arora_reader_finish(&in.reader);
        if (in.done()) return value;
    }
    return Error{in.mistake.text()};
}

// Authors call it, but cannot see how values are read.
#define ARORA_CALL_(type_) template arora::Result<type_> arora::call(std::uint64_t);
#define ARORA_CALL_OF_NUMBER_(name_, type_, tag_) ARORA_CALL_(type_)
ARORA_NUMBERS_(ARORA_CALL_OF_NUMBER_)
ARORA_CALL_(bool)
ARORA_CALL_(std::string)
ARORA_CALL_(arora::Uuid)
ARORA_CALL_(arora::Value)

#endif // ARORA_GLUE_CALLS_HPP
