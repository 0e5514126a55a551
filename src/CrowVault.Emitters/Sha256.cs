using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace CrowVault.Emitters;

/// <summary>
/// SHA-256 (FIPS 180-4), for fingerprints of emitted text. The framework's own loads OpenSSL, which costs more time and memory than
/// the rest of a call and which not every machine has; nothing here is a secret.
/// </summary>
internal static class Sha256
{
    private const int BlockLength = 64;

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static ReadOnlySpan<uint> RoundConstants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Hashes a text.</summary>
    /// <param name="data">The bytes.</param>
    /// <returns>32 bytes.</returns>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        Span<uint> state =
        [
            0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
        ];
        var whole = data.Length / BlockLength * BlockLength;
        for (var offset = 0; offset < whole; offset += BlockLength)
        {
            Compress(state, data.Slice(offset, BlockLength));
        }

        // A bit of one, zeros, and the length in bits as the last eight bytes of a block.
        var rest = data[whole..];
        Span<byte> end = stackalloc byte[2 * BlockLength];
        end = end[..(rest.Length + 9 <= BlockLength ? BlockLength : 2 * BlockLength)];
        end.Clear();
        rest.CopyTo(end);
        end[rest.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(end[^8..], (ulong)data.Length * 8);
        for (var offset = 0; offset < end.Length; offset += BlockLength)
        {
            Compress(state, end.Slice(offset, BlockLength));
        }

        var hash = new byte[32];
        for (var word = 0; word < state.Length; word++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(4 * word), state[word]);
        }

        return hash;
    }

    private static void Compress(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> schedule = stackalloc uint[64];
        for (var t = 0; t < 16; t++)
        {
            schedule[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * t)..]);
        }

        for (var t = 16; t < 64; t++)
        {
            var (w15, w2) = (schedule[t - 15], schedule[t - 2]);
            var s0 = BitOperations.RotateRight(w15, 7) ^ BitOperations.RotateRight(w15, 18) ^ (w15 >> 3);
            var s1 = BitOperations.RotateRight(w2, 17) ^ BitOperations.RotateRight(w2, 19) ^ (w2 >> 10);
            schedule[t] = schedule[t - 16] + s0 + schedule[t - 7] + s1;
        }

        for (var t = 0; t < 64; t++)
        {
            schedule[t] += RoundConstants[t];
        }

        // Eight rounds at a time, so that the variables change their roles instead of their values.
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var rounds = schedule; !rounds.IsEmpty; rounds = rounds[8..])
        {
            Round(a, b, c, ref d, e, f, g, ref h, rounds[0]);
            Round(h, a, b, ref c, d, e, f, ref g, rounds[1]);
            Round(g, h, a, ref b, c, d, e, ref f, rounds[2]);
            Round(f, g, h, ref a, b, c, d, ref e, rounds[3]);
            Round(e, f, g, ref h, a, b, c, ref d, rounds[4]);
            Round(d, e, f, ref g, h, a, b, ref c, rounds[5]);
            Round(c, d, e, ref f, g, h, a, ref b, rounds[6]);
            Round(b, c, d, ref e, f, g, h, ref a, rounds[7]);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        var s1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
        var s0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
        var first = h + s1 + (g ^ (e & (f ^ g))) + word;
        d += first;
        h = first + s0 + ((a & b) | (c & (a | b)));
    }
}
