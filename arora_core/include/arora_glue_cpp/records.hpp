// How structures and enumerations are read and written, by tables of their members. A part of arora_glue.hpp.
#ifndef ARORA_GLUE_RECORDS_HPP
#define ARORA_GLUE_RECORDS_HPP

#include "codecs.hpp"

namespace arora::glue {

// A field of a structure, a variant of an enumeration, or a parameter or a result of a function.
struct Member {
    Uuid id;
    const char *name;
    bool (*read)(Reading &in, void *owner, std::uint32_t depth);
    bool (*write)(Writing &out, const void *owner, std::uint32_t depth);
    bool optional;
    const std::uint8_t *fallback; // the buffer of a parameter's default value, or null
};

// The members of a type, the tag of its values, its id and its name. Generated for each structure and each enumeration.
template <class T> struct Record;

template <auto Field> struct FieldOf;

template <class Owner, class T, T Owner::*Field> struct FieldOf<Field> {
    static bool read(Reading &in, void *owner, std::uint32_t depth) {
        return Codec<T>::read(in, static_cast<Owner *>(owner)->*Field, depth);
    }
    static bool write(Writing &out, const void *owner, std::uint32_t depth) {
        return Codec<T>::write(out, static_cast<const Owner *>(owner)->*Field, depth);
    }
    static bool none(const std::optional<char> &) { return true; }
};

template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};

template <class Owner, class T> constexpr bool optional_field(T Owner::*) {
    return IsOptional<T>::value;
}

// A field that is a member of a C++ structure.
template <auto Field> constexpr Member field(Uuid id, const char *name, const std::uint8_t *fallback = nullptr) {
    return {id, name, FieldOf<Field>::read, FieldOf<Field>::write, optional_field(Field), fallback};
}

inline bool read_unit(Reading &in, void *, std::uint32_t) {
    return in.tag(ARORA_UNIT, "unit");
}

inline bool write_unit(Writing &out, const void *, std::uint32_t) {
    out.byte(ARORA_UNIT);
    return true;
}

// A member without a value.
constexpr Member unit(Uuid id, const char *name) {
    return {id, name, read_unit, write_unit, false, nullptr};
}

// A variant with a payload: alternative `Index` of the std::variant `is` of an enumeration's class.
template <class T, std::size_t Index> struct PayloadOf {
    using Alternative = std::variant_alternative_t<Index, decltype(T::is)>;
    using Payload = decltype(Alternative::value);

    static bool read(Reading &in, void *owner, std::uint32_t depth) {
        return Codec<Payload>::read(in, static_cast<T *>(owner)->is.template emplace<Index>().value, depth);
    }
    static bool write(Writing &out, const void *owner, std::uint32_t depth) {
        return Codec<Payload>::write(out, std::get_if<Index>(&static_cast<const T *>(owner)->is)->value, depth);
    }
};

template <class T, std::size_t Index> constexpr Member payload(Uuid id, const char *name) {
    return {id, name, PayloadOf<T, Index>::read, PayloadOf<T, Index>::write, false, nullptr};
}

template <class T, std::size_t Index> struct EmptyOf {
    static bool read(Reading &in, void *owner, std::uint32_t depth) {
        static_cast<T *>(owner)->is.template emplace<Index>();
        return read_unit(in, owner, depth);
    }
};

// A variant without a payload, of an enumeration of which another one has one.
template <class T, std::size_t Index> constexpr Member empty(Uuid id, const char *name) {
    return {id, name, EmptyOf<T, Index>::read, write_unit, false, nullptr};
}

// A table of members.
struct Members {
    const Member *items;
    std::size_t count;

    std::size_t find(const Uuid &id, std::size_t likely) const {
        if (likely < count && items[likely].id == id) return likely;
        for (std::size_t i = 0; i < count; i++) {
            if (items[i].id == id) return i;
        }
        return count;
    }

    // Read fields: in any order, unknown ones skipped, and of several with the same id the first. `lenient` is for
    // arguments, where options may be missing.
    bool read(Reading &in, void *owner, std::uint32_t depth, bool lenient = false) const {
        std::vector<bool> seen(count);
        std::size_t next = 0;
        for (std::uint32_t left = in.count(16 + 1); left > 0; left--) {
            Uuid id;
            if (!in.take(&id, sizeof id)) return false;
            std::size_t index = find(id, next);
            if (index == count || seen[index]) {
                arora_skip_nested_(&in.reader, depth);
                if (!in.done()) return false;
                continue;
            }
            seen[index] = true;
            next = index + 1;
            if (!items[index].read(in, owner, depth)) return at(in.mistake, index);
        }
        if (!in.done()) return false;
        for (std::size_t i = 0; i < count; i++) {
            if (!seen[i] && !missing(in, i, owner, lenient)) return at(in.mistake, i);
        }
        return true;
    }

    bool write(Writing &out, const void *owner, std::uint32_t depth) const {
        out.count(count);
        for (std::size_t i = 0; i < count; i++) {
            out.uuid(items[i].id);
            if (!items[i].write(out, owner, depth)) return at(out.mistake, i);
        }
        return true;
    }

    bool at(Mistake &mistake, std::size_t index) const { return mistake.in(std::string(".") + items[index].name); }

  private:
    bool missing(Reading &in, std::size_t index, void *owner, bool lenient) const {
        const Member &member = items[index];
        if (member.fallback == nullptr) return (lenient && member.optional) || in.refuse("absent");
        Reading fallback = {arora_reader_open(member.fallback), {}};
        return member.read(fallback, owner, 0) || in.refuse("its default value cannot be read");
    }
};

// Read the tag and the id of a structure or an enumeration.
inline bool read_start(Reading &in, std::uint8_t tag, const Uuid *wanted, const char *name) {
    arora_reader start = in.reader;
    if (arora_peek(&in.reader) == tag) {
        Uuid id;
        in.reader.position++;
        if (!in.take(&id, sizeof id)) return false;
        if (wanted == nullptr || id == *wanted) return true;
        in.reader = start;
    }
    return in.refuse(std::string("expected ") + name);
}

// Structures.
template <class T> struct Codec<T, std::enable_if_t<Record<T>::tag == ARORA_STRUCTURE>> {
    static constexpr std::uint8_t element_tag = ARORA_STRUCTURE;
    static std::string name() { return Record<T>::name; }
    static const Uuid &id() { return Record<T>::id; }

    static bool read(Reading &in, T &to, std::uint32_t depth) {
        return read_start(in, ARORA_STRUCTURE, &id(), Record<T>::name) && in.may_nest(depth) &&
               read_item(in, to, depth + 1);
    }
    static bool write(Writing &out, const T &from, std::uint32_t depth) {
        out.start(ARORA_STRUCTURE, id());
        return out.may_nest(depth) && write_item(out, from, depth + 1);
    }
    static bool read_item(Reading &in, T &to, std::uint32_t depth) { return members().read(in, &to, depth); }
    static bool write_item(Writing &out, const T &from, std::uint32_t depth) {
        return members().write(out, &from, depth);
    }

  private:
    static Members members() { return {Record<T>::members.data(), Record<T>::members.size()}; }
};

// Enumerations: an `enum class`, or a class with a std::variant `is`.
template <class T> struct Codec<T, std::enable_if_t<Record<T>::tag == ARORA_ENUMERATION>> {
    static constexpr std::uint8_t element_tag = ARORA_ENUMERATION;
    static std::string name() { return Record<T>::name; }
    static const Uuid &id() { return Record<T>::id; }

    static bool read(Reading &in, T &to, std::uint32_t depth) {
        return read_start(in, ARORA_ENUMERATION, &id(), Record<T>::name) && in.may_nest(depth) &&
               read_item(in, to, depth + 1);
    }
    static bool write(Writing &out, const T &from, std::uint32_t depth) {
        out.start(ARORA_ENUMERATION, id());
        return out.may_nest(depth) && write_item(out, from, depth + 1);
    }

    static bool read_item(Reading &in, T &to, std::uint32_t depth) {
        Uuid variant;
        if (!in.take(&variant, sizeof variant)) return false;
        std::size_t index = members().find(variant, members().count);
        if (index == members().count) return in.refuse("expected a variant of " + name());
        if constexpr (std::is_enum_v<T>) to = static_cast<T>(index);
        return members().items[index].read(in, &to, depth) || members().at(in.mistake, index);
    }

    static bool write_item(Writing &out, const T &from, std::uint32_t depth) {
        std::size_t index;
        if constexpr (std::is_enum_v<T>) index = static_cast<std::size_t>(from);
        else index = from.is.index();
        if (index >= members().count) return out.reject(name() + " has no variant " + std::to_string(index));
        out.uuid(members().items[index].id);
        return members().items[index].write(out, &from, depth) || members().at(out.mistake, index);
    }

  private:
    static Members members() { return {Record<T>::members.data(), Record<T>::members.size()}; }
};

} // namespace arora::glue

#endif // ARORA_GLUE_RECORDS_HPP
