// How values of each type are read and written. A part of arora_glue.hpp.
#ifndef ARORA_GLUE_CODECS_HPP
#define ARORA_GLUE_CODECS_HPP

#include <type_traits>

#include "transfer.hpp"

namespace arora::glue {

// For each type: `read` and `write` a value with its tag, `name` for messages, and the tag of arrays of it. Where
// arrays have a tag of their own, `read_item` and `write_item` are without what the array says of all items. What is
// read takes the place of whatever was there.
template <class T, class = void> struct Codec;

// What most types have in common: their arrays have elements with tags.
struct Tagged {
    static constexpr std::uint8_t element_tag = ARORA_DYNAMIC;
};

template <> struct Codec<Unit> : Tagged {
    static std::string name() { return "unit"; }
    static bool read(Reading &in, Unit &, std::uint32_t) { return in.tag(ARORA_UNIT, "unit"); }
    static bool write(Writing &out, const Unit &, std::uint32_t) {
        out.byte(ARORA_UNIT);
        return true;
    }
};

template <class T, std::uint8_t Tag> struct Plain {
    static constexpr std::uint8_t element_tag = Tag;

    static bool read(Reading &in, T &to, std::uint32_t) {
        return in.tag(Tag, Codec<T>::name().c_str()) && in.take(&to, sizeof to);
    }

    static bool write(Writing &out, const T &from, std::uint32_t) {
        out.byte(Tag);
        out.put(&from, sizeof from);
        return true;
    }
};

#define ARORA_PLAIN_CODEC_(name_, type, tag)                                                                           \
    template <> struct Codec<type> : Plain<type, tag> {                                                                \
        static std::string name() { return #name_; }                                                                   \
    };
ARORA_NUMBERS_(ARORA_PLAIN_CODEC_)
#undef ARORA_PLAIN_CODEC_

template <> struct Codec<Uuid> : Plain<Uuid, ARORA_UUID_VALUE> {
    static constexpr std::uint8_t element_tag = ARORA_DYNAMIC;
    static std::string name() { return "uuid"; }
};

template <> struct Codec<bool> {
    static constexpr std::uint8_t element_tag = ARORA_BOOLEAN;
    static std::string name() { return "bool"; }

    static bool read(Reading &in, bool &to, std::uint32_t) {
        std::uint8_t byte = 0;
        if (!in.tag(ARORA_BOOLEAN, "bool") || !in.take(&byte, 1)) return false;
        to = byte != 0;
        return true;
    }

    static bool write(Writing &out, const bool &from, std::uint32_t) {
        out.byte(ARORA_BOOLEAN);
        out.byte(from);
        return true;
    }
};

template <> struct Codec<std::string> {
    static constexpr std::uint8_t element_tag = ARORA_STRING;
    static std::string name() { return "str"; }
    static bool read(Reading &in, std::string &to, std::uint32_t depth) {
        return in.tag(ARORA_STRING, "str") && read_item(in, to, depth);
    }
    static bool write(Writing &out, const std::string &from, std::uint32_t depth) {
        out.byte(ARORA_STRING);
        return write_item(out, from, depth);
    }
    static bool read_item(Reading &in, std::string &to, std::uint32_t) { return in.text(to); }
    static bool write_item(Writing &out, const std::string &from, std::uint32_t) { return out.text(from); }
};

template <class T> struct Codec<Box<T>> : Tagged {
    static std::string name() { return Codec<T>::name(); }

    static bool read(Reading &in, Box<T> &to, std::uint32_t depth) {
        to = Box<T>(T());
        return Codec<T>::read(in, *to, depth);
    }

    static bool write(Writing &out, const Box<T> &from, std::uint32_t depth) {
        return from ? Codec<T>::write(out, *from, depth) : out.reject("it has no value");
    }
};

template <class T> struct Codec<std::optional<T>> : Tagged {
    static std::string name() { return "an option"; }

    static bool read(Reading &in, std::optional<T> &to, std::uint32_t depth) {
        to.reset();
        if (!arora_read_option(&in.reader)) return in.done();
        return in.may_nest(depth) && Codec<T>::read(in, to.emplace(), depth + 1);
    }

    static bool write(Writing &out, const std::optional<T> &from, std::uint32_t depth) {
        out.byte(ARORA_OPTION);
        out.byte(from.has_value());
        return !from || (out.may_nest(depth) && Codec<T>::write(out, *from, depth + 1));
    }
};

// The id of a type whose arrays begin with it.
template <class T> const Uuid *id_of() {
    if constexpr (Codec<T>::element_tag == ARORA_STRUCTURE || Codec<T>::element_tag == ARORA_ENUMERATION) {
        return &Codec<T>::id();
    } else {
        return nullptr;
    }
}

template <class T> bool is_number() {
    return arora_number_width(Codec<T>::element_tag) != 0;
}

template <class T> struct Codec<std::vector<T>> : Tagged {
    static std::string name() { return "an array of " + Codec<T>::name(); }

    static bool read(Reading &in, std::vector<T> &to, std::uint32_t depth) {
        arora_reader start = in.reader;
        arora_array array = arora_read_array(&in.reader);
        if (!in.done()) return false;
        const Uuid *id = id_of<T>();
        if (array.element_tag != Codec<T>::element_tag || (id != nullptr && array.type != *id)) {
            in.reader = start;
            return in.refuse("expected " + name());
        }
        if constexpr (std::is_arithmetic_v<T>) {
            return read_numbers(array, to);
        } else {
            return (array.element_tag == ARORA_STRING || in.may_nest(depth)) &&
                   read_items(in, array.count, to, depth + 1);
        }
    }

    static bool write(Writing &out, const std::vector<T> &from, std::uint32_t depth) {
        if (from.size() > UINT32_MAX) return out.reject("there are too many items");
        auto count = static_cast<std::uint32_t>(from.size());
        if constexpr (std::is_arithmetic_v<T>) {
            return write_numbers(out, from, count);
        } else {
            if (Codec<T>::element_tag != ARORA_STRING && !out.may_nest(depth)) return false;
            (void)arora_write_array_(&out.writer, Codec<T>::element_tag, count);
            if (const Uuid *id = id_of<T>()) out.uuid(*id);
            for (std::uint32_t i = 0; i < count; i++) {
                bool done;
                if constexpr (Codec<T>::element_tag == ARORA_DYNAMIC) done = Codec<T>::write(out, from[i], depth + 1);
                else done = Codec<T>::write_item(out, from[i], depth + 1);
                if (!done) return out.mistake.in("[" + std::to_string(i) + "]");
            }
            return true;
        }
    }

  private:
    static bool read_numbers(const arora_array &array, std::vector<T> &to) {
        to.resize(array.count);
        if constexpr (std::is_same_v<T, bool>) {
            auto bytes = static_cast<const std::uint8_t *>(array.numbers);
            for (std::uint32_t i = 0; i < array.count; i++) to[i] = bytes[i] != 0;
        } else if (array.count > 0) {
            ARORA_COPY_(to.data(), array.numbers, array.count * sizeof(T));
        }
        return true;
    }

    static bool write_numbers(Writing &out, const std::vector<T> &from, std::uint32_t count) {
        void *room = arora_reserve_numbers_(&out.writer, Codec<T>::element_tag, count);
        if (room == nullptr || count == 0) return true;
        if constexpr (std::is_same_v<T, bool>) {
            for (std::uint32_t i = 0; i < count; i++) static_cast<std::uint8_t *>(room)[i] = from[i];
        } else {
            ARORA_COPY_(room, from.data(), count * sizeof(T));
        }
        return true;
    }

    static bool read_items(Reading &in, std::uint32_t count, std::vector<T> &to, std::uint32_t depth) {
        to.clear();
        for (std::uint32_t i = 0; i < count; i++) {
            bool done;
            if constexpr (Codec<T>::element_tag == ARORA_DYNAMIC) done = Codec<T>::read(in, to.emplace_back(), depth);
            else done = Codec<T>::read_item(in, to.emplace_back(), depth);
            if (!done) return in.mistake.in("[" + std::to_string(i) + "]");
        }
        return true;
    }
};

template <class T, std::uint32_t Count> struct Codec<FixedArray<T, Count>> : Tagged {
    static std::string name() { return Codec<std::vector<T>>::name(); }

    static bool read(Reading &in, FixedArray<T, Count> &to, std::uint32_t depth) {
        if (!Codec<std::vector<T>>::read(in, to, depth)) return false;
        if (to.size() == Count) return true;
        return in.refuse("expected " + std::to_string(Count) + " items, got " + std::to_string(to.size()));
    }

    static bool write(Writing &out, const FixedArray<T, Count> &from, std::uint32_t depth) {
        if (from.size() == Count) return Codec<std::vector<T>>::write(out, from, depth);
        return out.reject("it has " + std::to_string(from.size()) + " items, not " + std::to_string(Count));
    }
};

template <class T> struct Codec<Map<T>> : Tagged {
    static std::string name() { return "a map"; }

    static bool read(Reading &in, Map<T> &to, std::uint32_t depth) {
        Uuid id;
        to.clear();
        if (!in.tag(ARORA_MAP, "a map") || !in.may_nest(depth) || !in.take(&id, sizeof id)) return false;
        for (std::uint32_t left = in.count(4 + 16 + 1); left > 0; left--) {
            std::string key;
            if (!in.text(key) || !in.take(&id, sizeof id)) return false;
            std::optional<T> &value = to[key] = std::nullopt;
            if (arora_peek(&in.reader) == ARORA_UNIT) {
                in.reader.position++;
            } else if (!Codec<T>::read(in, value.emplace(), depth + 1)) {
                return in.mistake.in("['" + key + "']");
            }
        }
        return in.done();
    }

    static bool write(Writing &out, const Map<T> &from, std::uint32_t depth) {
        if (!out.may_nest(depth)) return false;
        out.start(ARORA_MAP, ARORA_UUID(0, 0, 0, 0, 0x1b));
        out.count(from.size());
        for (const auto &[key, value] : from) {
            bool done = out.text(key);
            out.uuid(ARORA_UUID(0, 0, 0, 0, 0));
            if (!value) out.byte(ARORA_UNIT);
            else done = done && Codec<T>::write(out, *value, depth + 1);
            if (!done) return out.mistake.in("['" + key + "']");
        }
        return true;
    }
};

} // namespace arora::glue

#endif // ARORA_GLUE_CODECS_HPP
