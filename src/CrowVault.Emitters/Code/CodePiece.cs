namespace CrowVault.Emitters.Code;

/// <summary>A token or comment that counts.</summary>
/// <param name="Key">What it says, whatever its notation.</param>
/// <param name="Start">Where the layout before it begins: the end of the piece before.</param>
/// <param name="Token">Where it begins itself.</param>
/// <param name="End">Behind its last character.</param>
public readonly record struct CodePiece(string Key, int Start, int Token, int End);
