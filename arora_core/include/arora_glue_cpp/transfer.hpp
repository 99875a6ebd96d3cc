// Reading and writing: what is under way, and where in a value a mistake is. A part of arora_glue.hpp.
#ifndef ARORA_GLUE_TRANSFER_HPP
#define ARORA_GLUE_TRANSFER_HPP

#include "../arora.hpp"

namespace arora::glue {

// A mistake: the path to it from the outermost value, and what it is.
struct Mistake {
    std::string path;
    std::string what;

    std::string text() const {
        std::string shown = path.substr(path.empty() || path[0] != '.' ? 0 : 1);
        return shown.empty() ? what : shown + ": " + what;
    }

    // Add a step to the front of the path.
    bool in(const std::string &step) {
        path = step + path;
        return false;
    }
};

struct Reading {
    arora_reader reader;
    Mistake mistake;

    bool refuse(const std::string &what) {
        arora_fail(&reader, "refused");
        if (mistake.what.empty()) mistake.what = what;
        return false;
    }

    // Whether everything could be read up to here.
    bool done() {
        if (!arora_failed(&reader)) return true;
        if (mistake.what.empty()) mistake.what.assign(reader.error.data, reader.error.size);
        return false;
    }

    bool take(void *to, std::uint32_t size) {
        const std::uint8_t *bytes = arora_take_(&reader, size);
        if (bytes != nullptr) ARORA_COPY_(to, bytes, size);
        return done();
    }

    bool tag(std::uint8_t wanted, const char *name) {
        if (!done()) return false;
        if (arora_peek(&reader) != wanted) return refuse(std::string("expected ") + name);
        reader.position++;
        return true;
    }

    std::uint32_t count(std::uint32_t smallest) {
        std::uint32_t found = arora_take_count_(&reader, smallest);
        return done() ? found : 0;
    }

    bool text(std::string &to) {
        arora_string found = arora_take_string_(&reader);
        to.assign(found.data, found.size);
        return done();
    }

    bool may_nest(std::uint32_t depth) { return depth < ARORA_MAX_NESTING || refuse("values are nested too deeply"); }
};

struct Writing {
    arora_writer writer;
    Mistake mistake;

    bool reject(const std::string &what) {
        mistake.what = what;
        return false;
    }

    void put(const void *bytes, std::uint32_t size) { arora_append(&writer, bytes, size); }

    void byte(std::uint8_t value) { put(&value, 1); }

    void count(std::size_t value) {
        auto narrow = static_cast<std::uint32_t>(value);
        put(&narrow, 4);
    }

    void uuid(const Uuid &value) { put(value.bytes, sizeof value.bytes); }

    void start(std::uint8_t tag, const Uuid &id) {
        byte(tag);
        uuid(id);
    }

    bool text(const std::string &value) {
        auto bytes = reinterpret_cast<const std::uint8_t *>(value.data());
        if (value.size() > UINT32_MAX || !arora_is_utf8(bytes, static_cast<std::uint32_t>(value.size()))) {
            return reject("the text is not UTF-8");
        }
        count(value.size());
        put(value.data(), static_cast<std::uint32_t>(value.size()));
        return true;
    }

    bool may_nest(std::uint32_t depth) { return depth < ARORA_MAX_NESTING || reject("values are nested too deeply"); }
};

} // namespace arora::glue

#endif // ARORA_GLUE_TRANSFER_HPP
