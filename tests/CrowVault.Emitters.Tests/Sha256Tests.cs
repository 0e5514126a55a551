using System.Security.Cryptography;
using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class Sha256Tests
{
    [Fact]
    public void Gives_the_hash_of_the_framework_for_every_length_around_its_blocks()
    {
        var random = new Random(7);
        foreach (var length in Enumerable.Range(0, 300).Append(64 * 1024).Append(1_000_001))
        {
            var data = new byte[length];
            random.NextBytes(data);

            Assert.Equal(SHA256.HashData(data), Sha256.Hash(data));
        }
    }
}
