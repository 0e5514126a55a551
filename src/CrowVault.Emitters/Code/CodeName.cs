namespace CrowVault.Emitters.Code;

/// <summary>A name of code.</summary>
/// <param name="Text">The name.</param>
/// <param name="Line">Its line, from 0.</param>
/// <param name="IsDeclared">Whether it is declared there, or private and so declared in its file.</param>
public readonly record struct CodeName(string Text, int Line, bool IsDeclared);
